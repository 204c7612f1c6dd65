package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// As SPIRE's key manager does: keys are told apart by attributes of its own, found by them at every
// start, replaced under the same name for the key, and asked for signatures of digests.
func TestSpireKeyManager(t *testing.T) {
	client, server := dial(t), fresh(t)
	for kind, make := range map[string]func() kmipclient.ExecCreateKeyPairAttr{
		"ec-p256": func() kmipclient.ExecCreateKeyPairAttr {
			return client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_256, sign, verify)
		},
		"ec-p384": func() kmipclient.ExecCreateKeyPairAttr {
			return client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_384, sign, verify)
		},
		"ec-p521": func() kmipclient.ExecCreateKeyPairAttr {
			return client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_521, sign, verify)
		},
		"rsa-2048": func() kmipclient.ExecCreateKeyPairAttr { return client.CreateKeyPair().RSA(2048, sign, verify) },
		"rsa-4096": func() kmipclient.ExecCreateKeyPairAttr { return client.CreateKeyPair().RSA(4096, sign, verify) },
	} {
		t.Run(kind, func(t *testing.T) {
			tag := func(request kmipclient.ExecCreateKeyPairAttr) kmipclient.ExecCreateKeyPairAttr {
				return request.Common().WithAttribute("x-spire-server-id", server).WithAttribute("x-spire-key-id", "x509-CA-"+kind).
					WithAttribute("x-spire-key-type", kind)
			}
			find := func(search kmipclient.ExecLocate) kmipclient.ExecLocate {
				return search.WithAttribute("x-spire-server-id", server).WithAttribute("x-spire-key-id", "x509-CA-"+kind)
			}
			private, public := activePair(t, client, tag(make()))
			located(t, find(client.Locate().WithObjectType(kmip.ObjectTypePrivateKey)), private)
			located(t, find(client.Locate().WithObjectType(kmip.ObjectTypePublicKey)), public)
			same(t, attribute[string](t, client, private, "x-spire-key-type"), kind)
			checkDigests(t, client, private, ok(ok(client.Get(public).Exec())(t).PublicKey())(t))
			// Rotation: the new key under the same tags, then the old one's end.
			next, nextPublic := activePair(t, client, tag(make()))
			for _, old := range []string{private, public} {
				ok(client.Revoke(old).WithRevocationReasonCode(kmip.RevocationReasonCodeSuperseded).Exec())(t)
				ok(client.Destroy(old).Exec())(t)
			}
			located(t, find(client.Locate()), next, nextPublic)
		})
	}
}

// checkDigests has digests signed as a CA does, and checks the signatures here.
func checkDigests(t *testing.T, client *kmipclient.Client, private string, public crypto.PublicKey) {
	t.Helper()
	text := []byte("to be signed")
	short, long := sha256.Sum256(text), sha512.Sum512(text)
	for hash, digest := range map[crypto.Hash][]byte{crypto.SHA256: short[:], crypto.SHA512: long[:]} {
		parameters := kmip.CryptographicParameters{HashingAlgorithm: hashes[hash]}
		switch key := public.(type) {
		case *ecdsa.PublicKey:
			if key.Curve == elliptic.P256() && hash != crypto.SHA256 {
				continue
			}
			parameters.CryptographicAlgorithm = kmip.CryptographicAlgorithmECDSA
			signature := ok(client.Sign(private).WithCryptographicParameters(parameters).DigestedData(digest).Exec())(t).SignatureData
			same(t, ecdsa.VerifyASN1(key, digest, signature), true)
		case *rsa.PublicKey:
			parameters.CryptographicAlgorithm, parameters.PaddingMethod = kmip.CryptographicAlgorithmRSA, kmip.PaddingMethodPKCS1V1_5
			signature := ok(client.Sign(private).WithCryptographicParameters(parameters).DigestedData(digest).Exec())(t).SignatureData
			ok(0, rsa.VerifyPKCS1v15(key, hash, digest, signature))(t)
		default:
			t.Fatalf("%T", public)
		}
	}
	signer := ok(client.Signer(t.Context(), private, ""))(t)
	signature := ok(signer.Sign(rand.Reader, short[:], crypto.SHA256))(t)
	if key, is := public.(*ecdsa.PublicKey); is {
		same(t, ecdsa.VerifyASN1(key, short[:], signature), true)
	}
}
