package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// keyPEM is DER in PEM.
func keyPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// selfSigned is a certificate for a key, by that key.
func selfSigned(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: fresh(t)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	return ok(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))(t)
}

func TestRegisterSecretAndOpaque(t *testing.T) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			id := ok(client.Register().SecretString(kmip.SecretDataTypePassword, "hush").Exec())(t).UniqueIdentifier
			same(t, ok(ok(client.Get(id).Exec())(t).SecretString())(t), "hush")
			id = ok(client.Register().Secret(kmip.SecretDataTypeSeed, []byte{0, 1, 2}).Exec())(t).UniqueIdentifier
			sameBytes(t, ok(ok(client.Get(id).Exec())(t).Secret())(t), []byte{0, 1, 2})
			opaque := &kmip.OpaqueObject{OpaqueDataType: 0x80000001, OpaqueDataValue: []byte("anything")}
			id = ok(client.Register().Object(opaque).Exec())(t).UniqueIdentifier
			sameBytes(t, ok(client.Get(id).Exec())(t).Object.(*kmip.OpaqueObject).OpaqueDataValue, opaque.OpaqueDataValue)
		})
	}
}

func TestRegisterSymmetricKeyInEachFormat(t *testing.T) {
	value := []byte("0123456789abcdef0123456789abcdef")
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			for _, format := range []kmipclient.KeyFormat{kmipclient.RAW, kmipclient.Transparent} {
				register := client.Register().WithKeyFormat(format).SymmetricKey(kmip.CryptographicAlgorithmAES, encryptDecrypt, value)
				id := ok(register.Exec())(t).UniqueIdentifier
				sameBytes(t, ok(ok(client.Get(id).Exec())(t).SymmetricKey())(t), value)
				for _, wanted := range []kmip.KeyFormatType{kmip.KeyFormatTypeRaw, kmip.KeyFormatTypeTransparentSymmetricKey} {
					answer := ok(client.Get(id).WithKeyFormat(wanted).Exec())(t)
					same(t, answer.Object.(*kmip.SymmetricKey).KeyBlock.KeyFormatType, wanted)
					sameBytes(t, ok(answer.SymmetricKey())(t), value)
				}
				refused(client.Get(id).WithKeyFormat(kmip.KeyFormatTypePKCS_1).Exec())(t, kmip.ResultReasonKeyFormatTypeNotSupported)
			}
		})
	}
}

func TestRegisterRSAInEachFormat(t *testing.T) {
	key := ok(rsa.GenerateKey(rand.Reader, 2048))(t)
	pkcs8 := ok(x509.MarshalPKCS8PrivateKey(key))(t)
	pkix := ok(x509.MarshalPKIXPublicKey(&key.PublicKey))(t)
	pkcs1, public1 := x509.MarshalPKCS1PrivateKey(key), x509.MarshalPKCS1PublicKey(&key.PublicKey)
	client := dial(t)
	register := func(format kmipclient.KeyFormat) kmipclient.ExecRegisterWantType {
		return client.Register().WithKeyFormat(format)
	}
	for name, request := range map[string]kmipclient.ExecRegister{
		"PKCS#1": client.Register().Pkcs1PrivateKey(pkcs1, sign), "PKCS#8": client.Register().Pkcs8PrivateKey(pkcs8, sign),
		"PEM of PKCS#1": client.Register().PemPrivateKey(keyPEM("RSA PRIVATE KEY", pkcs1), sign),
		"PEM of PKCS#8": client.Register().PemKey(keyPEM("PRIVATE KEY", pkcs8), sign),
		"transparent":   register(kmipclient.Transparent).RsaPrivateKey(key, sign),
		"as PKCS#1":     register(kmipclient.PKCS1).PrivateKey(key, sign), "as PKCS#8": register(kmipclient.PKCS8).PrivateKey(key, sign),
	} {
		t.Run("private/"+name, func(t *testing.T) {
			id := ok(request.Exec())(t).UniqueIdentifier
			same(t, ok(ok(client.Get(id).Exec())(t).RsaPrivateKey())(t).Equal(key), true)
			for _, format := range []kmip.KeyFormatType{kmip.KeyFormatTypePKCS_1, kmip.KeyFormatTypePKCS_8, kmip.KeyFormatTypeTransparentRSAPrivateKey} {
				answer := ok(client.Get(id).WithKeyFormat(format).Exec())(t)
				same(t, ok(answer.RsaPrivateKey())(t).Equal(key), true)
			}
		})
	}
	for name, request := range map[string]kmipclient.ExecRegister{
		"PKCS#1": client.Register().Pkcs1PublicKey(public1, verify), "X.509": client.Register().X509PublicKey(pkix, verify),
		"PEM of PKCS#1": client.Register().PemPublicKey(keyPEM("RSA PUBLIC KEY", public1), verify),
		"PEM of X.509":  client.Register().PemPublicKey(keyPEM("PUBLIC KEY", pkix), verify),
		"PEM of both":   client.Register().PemPublicKey(keyPEM("RSA PRIVATE KEY", pkcs1), verify),
		"transparent":   register(kmipclient.Transparent).RsaPublicKey(&key.PublicKey, verify),
		"as X.509":      register(kmipclient.X509).PublicKey(&key.PublicKey, verify),
	} {
		t.Run("public/"+name, func(t *testing.T) {
			id := ok(request.Exec())(t).UniqueIdentifier
			same(t, ok(ok(client.Get(id).Exec())(t).RsaPublicKey())(t).Equal(&key.PublicKey), true)
			for _, format := range []kmip.KeyFormatType{kmip.KeyFormatTypePKCS_1, kmip.KeyFormatTypeX_509, kmip.KeyFormatTypeTransparentRSAPublicKey} {
				answer := ok(client.Get(id).WithKeyFormat(format).Exec())(t)
				same(t, ok(answer.RsaPublicKey())(t).Equal(&key.PublicKey), true)
			}
		})
	}
}

func TestRegisterECInEachFormatAndVersion(t *testing.T) {
	for _, version := range versions {
		for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			t.Run(version.String()+"/"+curve.Params().Name, func(t *testing.T) {
				client := dial(t, kmipclient.EnforceVersion(version))
				key := ok(ecdsa.GenerateKey(curve, rand.Reader))(t)
				sec1, pkcs8 := ok(x509.MarshalECPrivateKey(key))(t), ok(x509.MarshalPKCS8PrivateKey(key))(t)
				pkix := ok(x509.MarshalPKIXPublicKey(&key.PublicKey))(t)
				transparent := client.Register().WithKeyFormat(kmipclient.Transparent)
				for _, request := range []kmipclient.ExecRegister{
					client.Register().Sec1PrivateKey(sec1, sign), client.Register().Pkcs8PrivateKey(pkcs8, sign),
					client.Register().PemPrivateKey(keyPEM("EC PRIVATE KEY", sec1), sign), transparent.EcdsaPrivateKey(key, sign),
				} {
					id := ok(request.Exec())(t).UniqueIdentifier
					same(t, ok(ok(client.Get(id).Exec())(t).EcdsaPrivateKey())(t).Equal(key), true)
				}
				for _, request := range []kmipclient.ExecRegister{
					client.Register().X509PublicKey(pkix, verify), client.Register().PemPublicKey(keyPEM("PUBLIC KEY", pkix), verify),
					client.Register().PemPublicKey(keyPEM("EC PRIVATE KEY", sec1), verify), transparent.EcdsaPublicKey(&key.PublicKey, verify),
				} {
					id := ok(request.Exec())(t).UniqueIdentifier
					same(t, ok(ok(client.Get(id).Exec())(t).EcdsaPublicKey())(t).Equal(&key.PublicKey), true)
				}
			})
		}
	}
}

func TestRegisterCertificate(t *testing.T) {
	client := dial(t)
	der := selfSigned(t, ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t))
	parsed := ok(x509.ParseCertificate(der))(t)
	for _, request := range []kmipclient.ExecRegister{
		client.Register().Certificate(kmip.CertificateTypeX_509, der),
		client.Register().PemCertificate(keyPEM("CERTIFICATE", der)), client.Register().X509Certificate(parsed),
	} {
		id := ok(request.Exec())(t).UniqueIdentifier
		answer := ok(client.Get(id).Exec())(t)
		same(t, ok(answer.X509Certificate())(t).Equal(parsed), true)
		same(t, ok(answer.PemCertificate())(t), string(keyPEM("CERTIFICATE", der)))
		same(t, attribute[int32](t, client, id, kmip.AttributeNameCertificateLength), int32(len(der)))
		subject := attribute[kmip.X_509CertificateSubject](t, client, id, kmip.AttributeNameX509CertificateSubject)
		sameBytes(t, subject.SubjectDistinguishedName, parsed.RawSubject)
	}
}

func TestRegisterOfRubbishIsRefused(t *testing.T) {
	client := dial(t)
	refused(client.Register().Object(&kmip.PrivateKey{KeyBlock: kmip.KeyBlock{
		KeyFormatType: kmip.KeyFormatTypePKCS_8, CryptographicAlgorithm: kmip.CryptographicAlgorithmRSA, CryptographicLength: 2048,
		KeyValue: &kmip.KeyValue{Plain: &kmip.PlainKeyValue{KeyMaterial: kmip.KeyMaterial{Bytes: ptr([]byte("no key"))}}},
	}}).WithAttribute(kmip.AttributeNameCryptographicUsageMask, sign).Exec())(t, kmip.ResultReasonInvalidField)
}

func TestGetWrapped(t *testing.T) {
	client := dial(t)
	value := []byte("0123456789abcdef")
	id := ok(client.Register().SymmetricKey(kmip.CryptographicAlgorithmAES, encryptDecrypt, value).Exec())(t).UniqueIdentifier
	wrapping := activeAES(t, client, 256, kmip.CryptographicUsageWrapKey|kmip.CryptographicUsageUnwrapKey)
	specification := kmip.KeyWrappingSpecification{
		WrappingMethod: kmip.WrappingMethodEncrypt, EncodingOption: kmip.EncodingOptionNoEncoding,
		EncryptionKeyInformation: &kmip.EncryptionKeyInformation{
			UniqueIdentifier:        wrapping,
			CryptographicParameters: &kmip.CryptographicParameters{BlockCipherMode: kmip.BlockCipherModeNISTKeyWrap},
		},
	}
	wrapped := ok(client.Get(id).WithKeyWrapping(specification).Exec())(t).Object.(*kmip.SymmetricKey)
	same(t, wrapped.KeyBlock.KeyWrappingData.EncryptionKeyInformation.UniqueIdentifier, wrapping)
	same(t, len(*wrapped.KeyBlock.KeyValue.Wrapped), len(value)+8)
	// What was wrapped is registered as it is, and is the same key.
	again := ok(client.Register().Object(wrapped).WithAttribute(kmip.AttributeNameCryptographicUsageMask, encryptDecrypt).
		WithAttribute(kmip.AttributeNameCryptographicAlgorithm, kmip.CryptographicAlgorithmAES).
		WithAttribute(kmip.AttributeNameCryptographicLength, int32(128)).Exec())(t).UniqueIdentifier
	sameBytes(t, ok(ok(client.Get(again).WithKeyWrapType(kmip.NotWrapped).Exec())(t).SymmetricKey())(t), value)
	refused(client.Get(id).WithKeyCompression(kmip.KeyCompressionTypeECPublicKeyTypeUncompressed).Exec())(t, kmip.ResultReasonKeyCompressionTypeNotSupported)
}

func TestImportAndExport(t *testing.T) {
	client := dial(t)
	value := []byte("fedcba9876543210")
	id := ok(client.Register().SymmetricKey(kmip.CryptographicAlgorithmAES, encryptDecrypt, value).WithName(fresh(t)).Exec())(t).UniqueIdentifier
	exported := ok(client.Export(id).WithKeyFormatType(kmip.KeyFormatTypeRaw).WithKeyWrapType(kmip.NotWrapped).Exec())(t)
	same(t, exported.UniqueIdentifier, id)
	same(t, len(exported.Attribute) > 10, true)
	sameBytes(t, ok(exported.Object.(*kmip.SymmetricKey).KeyMaterial())(t), value)
	// This release of the client leaves the object out of its request.
	refused(client.Import(id, exported.Object).WithAttributes(exported.Attribute...).Exec())(t, kmip.ResultReasonInvalidMessage)
	load := func() kmipclient.ExecImport {
		request := client.Import(id, exported.Object).WithAttributes(exported.Attribute...)
		request.RequestPayload().Object = exported.Object
		return request
	}
	refused(load().Exec())(t, kmip.ResultReasonObjectAlreadyExists)
	ok(client.Destroy(id).Exec())(t)
	same(t, ok(load().Exec())(t).UniqueIdentifier, id)
	sameBytes(t, ok(ok(client.Get(id).Exec())(t).SymmetricKey())(t), value)
	same(t, ok(load().WithReplaceExisting(true).WithKeyWrapType(kmip.NotWrapped).Exec())(t).UniqueIdentifier, id)
	refused(dial(t, kmipclient.EnforceVersion(kmip.V1_3)).Export(id).Exec())(t, kmip.ResultReasonOperationNotSupported)
}
