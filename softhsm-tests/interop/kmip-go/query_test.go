package interop

import (
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"slices"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

func TestQueryAll(t *testing.T) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client, since13 := dial(t, kmipclient.EnforceVersion(version)), version == kmip.V1_3 || version == kmip.V1_4
			// The client asks for what came with 1.3 in any version.
			answer := ok(client.Query().All().Exec())(t)
			for _, operation := range []kmip.Operation{kmip.OperationCreate, kmip.OperationGet, kmip.OperationLocate} {
				if !slices.Contains(answer.Operations, operation) {
					t.Fatalf("no %v in %v", operation, answer.Operations)
				}
			}
			same(t, slices.Contains(answer.Operations, kmip.OperationEncrypt), version != kmip.V1_0 && version != kmip.V1_1)
			same(t, slices.Contains(answer.Operations, kmip.OperationImport), version == kmip.V1_4)
			if !slices.Contains(answer.ObjectType, kmip.ObjectTypeSymmetricKey) || answer.VendorIdentification == "" {
				t.Fatal(answer)
			}
			same(t, len(answer.ProfileInformation) > 0, since13)
			same(t, len(answer.CapabilityInformation) > 0, since13)
			same(t, len(answer.RNGParameters) > 0, since13)
		})
	}
}

func TestQueryNarrowed(t *testing.T) {
	answer := ok(dial(t).Query().Objects().Exec())(t)
	same(t, len(answer.Operations), 0)
	same(t, answer.VendorIdentification, "")
	if !slices.Contains(answer.ObjectType, kmip.ObjectTypeOpaqueObject) {
		t.Fatal(answer.ObjectType)
	}
}

func TestHash(t *testing.T) {
	client, data := dial(t), []byte("what is hashed")
	two, three := sha512.Sum512(data), sha3.Sum256(data)
	one := sha256.Sum256(data)
	for algorithm, want := range map[kmip.HashingAlgorithm][]byte{
		kmip.HashingAlgorithmSHA_256: one[:], kmip.HashingAlgorithmSHA_512: two[:], kmip.HashingAlgorithmSHA_3_256: three[:],
	} {
		parameters := kmip.CryptographicParameters{HashingAlgorithm: algorithm}
		answer := ok(client.Hash().WithCryptographicParameters(parameters).Data(data).Exec())(t)
		sameBytes(t, answer.Data, want)
	}
	none := kmip.CryptographicParameters{HashingAlgorithm: kmip.HashingAlgorithmTiger}
	refused(client.Hash().WithCryptographicParameters(none).Data(data).Exec())(t, kmip.ResultReasonOperationNotSupported)
}
