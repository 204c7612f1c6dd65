package interop

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

var hashes = map[crypto.Hash]kmip.HashingAlgorithm{
	crypto.SHA256: kmip.HashingAlgorithmSHA_256, crypto.SHA384: kmip.HashingAlgorithmSHA_384, crypto.SHA512: kmip.HashingAlgorithmSHA_512,
}

// digestOf is the digest of data.
func digestOf(hash crypto.Hash, data []byte) []byte {
	state := hash.New()
	state.Write(data)
	return state.Sum(nil)
}

// signedAndVerified signs data on the server, has the server verify that, and returns the signature.
func signedAndVerified(t *testing.T, client *kmipclient.Client, private, public string, parameters kmip.CryptographicParameters, data []byte) []byte {
	t.Helper()
	signature := ok(client.Sign(private).WithCryptographicParameters(parameters).Data(data).Exec())(t).SignatureData
	check := func(data []byte) kmip.ValidityIndicator {
		request := client.SignatureVerify(public).WithCryptographicParameters(parameters).Data(data).Signature(signature)
		return ok(request.Exec())(t).ValidityIndicator
	}
	same(t, check(data), kmip.ValidityIndicatorValid)
	same(t, check([]byte("something else")), kmip.ValidityIndicatorInvalid)
	return signature
}

func TestSignWithRSA(t *testing.T) {
	for _, version := range withCrypto {
		t.Run(version.String(), func(t *testing.T) {
			client, data := dial(t, kmipclient.EnforceVersion(version)), []byte("what is signed")
			private, public := activePair(t, client, client.CreateKeyPair().RSA(2048, sign, verify))
			key := ok(ok(client.Get(public).Exec())(t).RsaPublicKey())(t)
			for hash, algorithm := range hashes {
				parameters := kmip.CryptographicParameters{CryptographicAlgorithm: kmip.CryptographicAlgorithmRSA, PaddingMethod: kmip.PaddingMethodPKCS1V1_5, HashingAlgorithm: algorithm}
				signature := signedAndVerified(t, client, private, public, parameters, data)
				ok(0, rsa.VerifyPKCS1v15(key, hash, digestOf(hash, data), signature))(t)
				parameters.PaddingMethod = kmip.PaddingMethodPSS
				signature = signedAndVerified(t, client, private, public, parameters, data)
				ok(0, rsa.VerifyPSS(key, hash, digestOf(hash, data), signature, nil))(t)
			}
		})
	}
}

func TestSignWithECDSA(t *testing.T) {
	for _, version := range withCrypto {
		t.Run(version.String(), func(t *testing.T) {
			client, data := dial(t, kmipclient.EnforceVersion(version)), []byte("what is signed")
			for curve, hash := range map[kmip.RecommendedCurve]crypto.Hash{
				kmip.RecommendedCurveP_256: crypto.SHA256, kmip.RecommendedCurveP_384: crypto.SHA384, kmip.RecommendedCurveP_521: crypto.SHA512,
			} {
				private, public := activePair(t, client, client.CreateKeyPair().ECDSA(curve, sign, verify))
				key := ok(ok(client.Get(public).Exec())(t).EcdsaPublicKey())(t)
				parameters := kmip.CryptographicParameters{CryptographicAlgorithm: kmip.CryptographicAlgorithmECDSA, HashingAlgorithm: hashes[hash]}
				signature := signedAndVerified(t, client, private, public, parameters, data)
				same(t, ecdsa.VerifyASN1(key, digestOf(hash, data), signature), true)
			}
		})
	}
}

func TestSignOfDigest(t *testing.T) {
	client := dial(t)
	digest := sha512.Sum384([]byte("what is signed"))
	private, public := activePair(t, client, client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_384, sign, verify))
	parameters := kmip.CryptographicParameters{CryptographicAlgorithm: kmip.CryptographicAlgorithmECDSA, HashingAlgorithm: kmip.HashingAlgorithmSHA_384}
	signature := ok(client.Sign(private).WithCryptographicParameters(parameters).DigestedData(digest[:]).Exec())(t).SignatureData
	same(t, ecdsa.VerifyASN1(ok(ok(client.Get(public).Exec())(t).EcdsaPublicKey())(t), digest[:], signature), true)
	check := client.SignatureVerify(public).WithCryptographicParameters(parameters).DigestedData(digest[:]).Signature(signature)
	same(t, ok(check.Exec())(t).ValidityIndicator, kmip.ValidityIndicatorValid)
	refused(client.Sign(public).WithCryptographicParameters(parameters).DigestedData(digest[:]).Exec())(t, kmip.ResultReasonPermissionDenied)
}

func TestSignerOfCertificates(t *testing.T) {
	client := dial(t)
	for name, make := range map[string]kmipclient.ExecCreateKeyPairAttr{
		"RSA": client.CreateKeyPair().RSA(2048, sign, verify), "P-256": client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_256, sign, verify),
		"P-384": client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_384, sign, verify), "P-521": client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_521, sign, verify),
	} {
		t.Run(name, func(t *testing.T) {
			private, public := activePair(t, client, make)
			for _, ids := range [][2]string{{private, public}, {private, ""}, {"", public}} {
				signer := ok(client.Signer(context.Background(), ids[0], ids[1]))(t)
				template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}
				der := ok(x509.CreateCertificateRequest(rand.Reader, template, signer))(t)
				ok(0, ok(x509.ParseCertificateRequest(der))(t).CheckSignature())(t)
			}
		})
	}
	private, _ := activePair(t, client, client.CreateKeyPair().RSA(2048, sign, verify))
	signer := ok(client.Signer(context.Background(), private, ""))(t)
	digest := sha256.Sum256([]byte("PSS"))
	signature := ok(signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}))(t)
	ok(0, rsa.VerifyPSS(signer.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], signature, nil))(t)
}

func TestSignerOfAKeyThatDoesNotSignIsRefused(t *testing.T) {
	client := dial(t)
	private, public := activePair(t, client, client.CreateKeyPair().RSA(2048, kmip.CryptographicUsageDecrypt, kmip.CryptographicUsageEncrypt))
	for _, ids := range [][2]string{{private, ""}, {"", public}, {public, private}, {activeAES(t, client, 256, encryptDecrypt), ""}} {
		if _, err := client.Signer(context.Background(), ids[0], ids[1]); err == nil {
			t.Fatal("it was not refused")
		}
	}
}

func TestKeyPairsInEveryVersion(t *testing.T) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client, name := dial(t, kmipclient.EnforceVersion(version)), fresh(t)
			pair := ok(client.CreateKeyPair().RSA(2048, sign, verify).
				PrivateKey().WithName(name+"-private").PublicKey().WithName(name+"-public").
				Common().WithAttribute("x-both", name).Exec())(t)
			located(t, client.Locate().WithAttribute("x-both", name), pair.PrivateKeyUniqueIdentifier, pair.PublicKeyUniqueIdentifier)
			located(t, client.Locate().WithName(name+"-private"), pair.PrivateKeyUniqueIdentifier)
			link := attribute[kmip.Link](t, client, pair.PrivateKeyUniqueIdentifier, kmip.AttributeNameLink)
			same(t, link, kmip.Link{LinkType: kmip.LinkTypePublicKeyLink, LinkedObjectIdentifier: pair.PublicKeyUniqueIdentifier})
			ok(ok(client.Get(pair.PublicKeyUniqueIdentifier).Exec())(t).RsaPublicKey())(t)
			private := ok(ok(client.Get(pair.PrivateKeyUniqueIdentifier).Exec())(t).RsaPrivateKey())(t)
			same(t, private.N.BitLen(), 2048)
			ok(client.Destroy(pair.PrivateKeyUniqueIdentifier).Exec())(t)
			ok(client.Destroy(pair.PublicKeyUniqueIdentifier).Exec())(t)
		})
	}
}
