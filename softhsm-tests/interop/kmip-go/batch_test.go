package interop

import (
	"context"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
	"github.com/ovh/kmip-go/payloads"
)

// success ends the test unless an item of a batch succeeded.
func success(t *testing.T, item kmip.ResponseBatchItem) {
	t.Helper()
	ok(0, item.Err())(t)
}

func TestBatchByPlaceholder(t *testing.T) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			batch := client.Create().AES(128, encryptDecrypt).
				Then(func(c *kmipclient.Client) kmipclient.PayloadBuilder { return c.Activate("") }).
				Then(func(c *kmipclient.Client) kmipclient.PayloadBuilder {
					return c.GetAttributes("", kmip.AttributeNameState)
				})
			answers := ok(ok(batch.Exec())(t).Unwrap())(t)
			same(t, len(answers), 3)
			made := answers[0].(*payloads.CreateResponsePayload).UniqueIdentifier
			same(t, answers[1].(*payloads.ActivateResponsePayload).UniqueIdentifier, made)
			got := answers[2].(*payloads.GetAttributesResponsePayload)
			same(t, got.UniqueIdentifier, made)
			same(t, got.Attribute[0].AttributeValue.(kmip.State), kmip.StateActive)
		})
	}
}

// threeItems asks for a key, for what is not there, and for a key.
func threeItems(t *testing.T, client *kmipclient.Client, option kmip.BatchErrorContinuationOption) kmipclient.BatchResult {
	t.Helper()
	make := func() kmip.OperationPayload { return ok(client.Create().AES(128, encryptDecrypt).Build())(t) }
	missing := ok(client.Get("no-such-object").Build())(t)
	result := ok(client.BatchOpt(context.Background(), []kmip.OperationPayload{make(), missing, make()}, kmipclient.OnBatchErr(option)))(t)
	success(t, result[0])
	same(t, result[1].Operation, kmip.OperationGet)
	refused(0, result[1].Err())(t, kmip.ResultReasonItemNotFound)
	return result
}

func TestBatchContinue(t *testing.T) {
	client := dial(t)
	result := threeItems(t, client, kmip.BatchErrorContinuationOptionContinue)
	success(t, result[2])
	for _, item := range []int{0, 2} {
		id := result[item].ResponsePayload.(*payloads.CreateResponsePayload).UniqueIdentifier
		same(t, state(t, client, id), kmip.StatePreActive)
		same(t, len(result[item].UniqueBatchItemID), 8)
	}
	if _, err := result.Unwrap(); err == nil {
		t.Fatal("the failure is lost")
	}
}

// The client expects as many answers as it sent items, so that it tells a batch that was stopped from
// one that was carried out by an error of its own.
func TestBatchStop(t *testing.T) {
	client := dial(t)
	name := fresh(t)
	first := ok(client.Create().AES(128, encryptDecrypt).WithName(name).Build())(t)
	missing := ok(client.Get("no-such-object").Build())(t)
	stop := kmipclient.OnBatchErr(kmip.BatchErrorContinuationOptionStop)
	if _, err := client.BatchOpt(context.Background(), []kmip.OperationPayload{first, missing, missing}, stop); err == nil {
		t.Fatal("it was not stopped")
	}
	same(t, len(ok(client.Locate().WithName(name).Exec())(t).UniqueIdentifier), 1)
	// The last item fails: nothing is left out.
	result := ok(client.BatchOpt(context.Background(), []kmip.OperationPayload{missing}, stop))(t)
	refused(0, result[0].Err())(t, kmip.ResultReasonItemNotFound)
}

func TestBatchUndo(t *testing.T) {
	client, name := dial(t), fresh(t)
	first := ok(client.Create().AES(128, encryptDecrypt).WithName(name).Build())(t)
	missing := ok(client.Get("no-such-object").Build())(t)
	undo := kmipclient.OnBatchErr(kmip.BatchErrorContinuationOptionUndo)
	result := ok(client.BatchOpt(context.Background(), []kmip.OperationPayload{first, missing}, undo))(t)
	same(t, result[0].ResultStatus, kmip.ResultStatusOperationUndone)
	same(t, len(ok(client.Locate().WithName(name).Exec())(t).UniqueIdentifier), 0)
}

func TestBatchMixedOperations(t *testing.T) {
	client := dial(t)
	id := activeAES(t, client, 256, encryptDecrypt)
	parameters := kmip.CryptographicParameters{BlockCipherMode: kmip.BlockCipherModeCBC, PaddingMethod: kmip.PaddingMethodPKCS5, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES}
	iv, text := make([]byte, 16), []byte("in one batch")
	encrypt := client.Encrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(iv).Data(text)
	answers := encrypt.Then(func(c *kmipclient.Client) kmipclient.PayloadBuilder { return c.GetAttributeList(id) }).MustExec().MustUnwrap()
	sealed := answers[0].(*payloads.EncryptResponsePayload).Data
	opened := ok(client.Decrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(iv).Data(sealed).Exec())(t)
	sameBytes(t, opened.Data, text)
}
