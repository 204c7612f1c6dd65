package interop

import (
	"testing"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// aesInEveryVersion runs a test on a new key in each version.
func aesInEveryVersion(t *testing.T, test func(t *testing.T, client *kmipclient.Client, id string)) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			test(t, client, ok(client.Create().AES(256, encryptDecrypt).Exec())(t).UniqueIdentifier)
		})
	}
}

func TestCreateSymmetricKeys(t *testing.T) {
	client := dial(t)
	for _, key := range []struct {
		make      kmipclient.ExecCreate
		algorithm kmip.CryptographicAlgorithm
		bits      int32
	}{
		{client.Create().AES(128, encryptDecrypt), kmip.CryptographicAlgorithmAES, 128},
		{client.Create().AES(192, encryptDecrypt), kmip.CryptographicAlgorithmAES, 192},
		{client.Create().AES(256, encryptDecrypt), kmip.CryptographicAlgorithmAES, 256},
		{client.Create().TDES(168, encryptDecrypt), kmip.CryptographicAlgorithm3DES, 168},
		{client.Create().SymmetricKey(kmip.CryptographicAlgorithmHMACSHA256, 256, kmip.CryptographicUsageMACGenerate), kmip.CryptographicAlgorithmHMACSHA256, 256},
	} {
		name := fresh(t)
		answer := ok(key.make.WithName(name).Exec())(t)
		same(t, answer.ObjectType, kmip.ObjectTypeSymmetricKey)
		id := answer.UniqueIdentifier
		same(t, attribute[kmip.CryptographicAlgorithm](t, client, id, kmip.AttributeNameCryptographicAlgorithm), key.algorithm)
		same(t, attribute[int32](t, client, id, kmip.AttributeNameCryptographicLength), key.bits)
		same(t, attribute[kmip.Name](t, client, id, kmip.AttributeNameName).NameValue, name)
	}
}

func TestCreateOfWhatTheTokenLacksIsRefused(t *testing.T) {
	client := dial(t)
	refused(client.Create().Skipjack(encryptDecrypt).Exec())(t, kmip.ResultReasonInvalidField)
	refused(client.Create().AES(257, encryptDecrypt).Exec())(t, kmip.ResultReasonInvalidField)
}

func TestCreateFromTemplate(t *testing.T) {
	client, name := dial(t, kmipclient.EnforceVersion(kmip.V1_2)), fresh(t)
	template := &kmip.Template{Attribute: []kmip.Attribute{
		{AttributeName: kmip.AttributeNameCryptographicAlgorithm, AttributeValue: kmip.CryptographicAlgorithmAES},
		{AttributeName: kmip.AttributeNameCryptographicLength, AttributeValue: int32(192)},
		{AttributeName: kmip.AttributeNameCryptographicUsageMask, AttributeValue: encryptDecrypt},
	}}
	ok(client.Register().Object(template).WithName(name).Exec())(t)
	made := ok(client.Create().Object(kmip.ObjectTypeSymmetricKey).WithTemplate(name, kmip.NameTypeUninterpretedTextString).Exec())(t)
	same(t, attribute[int32](t, client, made.UniqueIdentifier, kmip.AttributeNameCryptographicLength), 192)
	again := client.Create().Object(kmip.ObjectTypeSymmetricKey).WithTemplates(kmip.Name{NameValue: "no-" + name, NameType: kmip.NameTypeUninterpretedTextString})
	refused(again.Exec())(t, kmip.ResultReasonItemNotFound)
}

func TestLifecycle(t *testing.T) {
	aesInEveryVersion(t, func(t *testing.T, client *kmipclient.Client, id string) {
		same(t, ok(client.Activate(id).Exec())(t).UniqueIdentifier, id)
		same(t, state(t, client, id), kmip.StateActive)
		refused(client.Activate(id).Exec())(t, kmip.ResultReasonPermissionDenied)
		refused(client.Destroy(id).Exec())(t, kmip.ResultReasonPermissionDenied)
		revoke := client.Revoke(id).WithRevocationReasonCode(kmip.RevocationReasonCodeCessationOfOperation).WithRevocationMessage("done with")
		same(t, ok(revoke.Exec())(t).UniqueIdentifier, id)
		same(t, state(t, client, id), kmip.StateDeactivated)
		why := attribute[kmip.RevocationReason](t, client, id, kmip.AttributeNameRevocationReason)
		same(t, why.RevocationMessage, "done with")
		same(t, ok(client.Destroy(id).Exec())(t).UniqueIdentifier, id)
		refused(client.Get(id).Exec())(t, kmip.ResultReasonItemNotFound)
		refused(client.Destroy(id).Exec())(t, kmip.ResultReasonItemNotFound)
	})
}

func TestDestroyOfPreActive(t *testing.T) {
	aesInEveryVersion(t, func(t *testing.T, client *kmipclient.Client, id string) {
		ok(client.Destroy(id).Exec())(t)
		same(t, len(ok(client.Locate().WithUniqueID(id).Exec())(t).UniqueIdentifier), 0)
	})
}

func TestRevokeOfCompromised(t *testing.T) {
	client := dial(t)
	id := activeAES(t, client, 256, encryptDecrypt)
	when := time.Now().Add(-time.Hour).Truncate(time.Second)
	revoke := client.Revoke(id).WithRevocationReasonCode(kmip.RevocationReasonCodeKeyCompromise).WithCompromiseOccurrenceDate(when)
	ok(revoke.Exec())(t)
	same(t, state(t, client, id), kmip.StateCompromised)
	occurred := attribute[time.Time](t, client, id, kmip.AttributeNameCompromiseOccurrenceDate)
	same(t, occurred.Unix(), when.Unix())
}

func TestArchiveAndRecover(t *testing.T) {
	aesInEveryVersion(t, func(t *testing.T, client *kmipclient.Client, id string) {
		same(t, ok(client.Archive(id).Exec())(t).UniqueIdentifier, id)
		refused(client.Get(id).Exec())(t, kmip.ResultReasonObjectArchived)
		archived := client.Locate().WithUniqueID(id).WithStorageStatusMask(kmip.StorageStatusArchivalStorage)
		same(t, len(ok(archived.Exec())(t).UniqueIdentifier), 1)
		same(t, ok(client.Recover(id).Exec())(t).UniqueIdentifier, id)
		ok(client.Get(id).Exec())(t)
		same(t, len(ok(archived.Exec())(t).UniqueIdentifier), 0)
	})
}

func TestRekey(t *testing.T) {
	aesInEveryVersion(t, func(t *testing.T, client *kmipclient.Client, old string) {
		name := fresh(t)
		ok(client.AddAttribute(old, kmip.AttributeNameName, kmip.Name{NameValue: name, NameType: kmip.NameTypeUninterpretedTextString}).Exec())(t)
		ok(client.Activate(old).Exec())(t)
		made := ok(client.Rekey(old).WithOffset(0).Exec())(t).UniqueIdentifier
		same(t, state(t, client, made), kmip.StateActive)
		located := ok(client.Locate().WithName(name).Exec())(t).UniqueIdentifier
		same(t, len(located), 1)
		same(t, located[0], made)
		link := attribute[kmip.Link](t, client, old, kmip.AttributeNameLink)
		same(t, link, kmip.Link{LinkType: kmip.LinkTypeReplacementObjectLink, LinkedObjectIdentifier: made})
		later := ok(client.Rekey(made).WithOffset(time.Hour).Exec())(t).UniqueIdentifier
		same(t, state(t, client, later), kmip.StatePreActive)
	})
}

func TestRekeyKeyPair(t *testing.T) {
	for _, version := range versions[1:] {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			private, public := activePair(t, client, client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_256, sign, verify))
			answer := ok(client.RekeyKeyPair(private).WithOffset(0).Exec())(t)
			for old, made := range map[string]string{private: answer.PrivateKeyUniqueIdentifier, public: answer.PublicKeyUniqueIdentifier} {
				same(t, state(t, client, made), kmip.StateActive)
				links := attributes[kmip.Link](t, client, made, kmip.AttributeNameLink)
				same(t, len(links), 2)
				found := false
				for _, link := range links {
					found = found || link == kmip.Link{LinkType: kmip.LinkTypeReplacedObjectLink, LinkedObjectIdentifier: old}
				}
				same(t, found, true)
			}
		})
	}
}

func TestLeaseAndUsageAllocation(t *testing.T) {
	client := dial(t)
	id := ok(client.Create().AES(256, encryptDecrypt).WithUsageLimit(4096, kmip.UsageLimitsUnitByte).Exec())(t).UniqueIdentifier
	ok(client.Activate(id).Exec())(t)
	lease := ok(client.ObtainLease(id).Exec())(t)
	if lease.LeaseTime <= 0 || time.Since(lease.LastChangeDate) > time.Hour {
		t.Fatal(lease)
	}
	same(t, ok(client.GetUsageAllocation(id, 4000).Exec())(t).UniqueIdentifier, id)
	same(t, *attribute[kmip.UsageLimits](t, client, id, kmip.AttributeNameUsageLimits).UsageLimitsCount, 96)
	refused(client.GetUsageAllocation(id, 97).Exec())(t, kmip.ResultReasonPermissionDenied)
}

func TestGetOfWhatIsNotThere(t *testing.T) {
	for _, version := range versions {
		refused(dial(t, kmipclient.EnforceVersion(version)).Get("no-such-object").Exec())(t, kmip.ResultReasonItemNotFound)
	}
}
