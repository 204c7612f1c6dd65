package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// okms is the command line over this library: these tests send what its commands send, each with a
// correlation value in the header.
func okms(t *testing.T) *kmipclient.Client {
	return dial(t, kmipclient.WithMiddlewares(kmipclient.CorrelationValueMiddleware(func() string { return rand.Text() })))
}

func TestOkmsCreateForASeal(t *testing.T) {
	client, name := okms(t), fresh(t)
	aes := ok(client.Create().SymmetricKey(kmip.CryptographicAlgorithmAES, 256, encryptDecrypt).WithName(name).Exec())(t).UniqueIdentifier
	ok(client.Activate(aes).Exec())(t)
	refused(client.Activate(aes).Exec())(t, kmip.ResultReasonPermissionDenied)
	pair := ok(client.CreateKeyPair().RSA(4096, kmip.CryptographicUsageDecrypt, kmip.CryptographicUsageEncrypt).
		PrivateKey().WithName(name + "-private").PublicKey().WithName(name + "-public").PrivateKey().Exec())(t)
	ok(client.Activate(pair.PrivateKeyUniqueIdentifier).Exec())(t)
	ok(client.Activate(pair.PublicKeyUniqueIdentifier).Exec())(t)
	same(t, attribute[int32](t, client, pair.PublicKeyUniqueIdentifier, kmip.AttributeNameCryptographicLength), 4096)
}

func TestOkmsCreateWithEveryFlag(t *testing.T) {
	client := okms(t)
	id := ok(client.Create().SymmetricKey(kmip.CryptographicAlgorithmAES, 128, encryptDecrypt|kmip.CryptographicUsageWrapKey).
		WithAttribute(kmip.AttributeNameExtractable, false).WithAttribute(kmip.AttributeNameSensitive, true).WithName(fresh(t)).
		WithAttribute(kmip.AttributeNameDescription, "described").WithAttribute(kmip.AttributeNameComment, "commented").Exec())(t).UniqueIdentifier
	same(t, attribute[bool](t, client, id, kmip.AttributeNameExtractable), false)
	same(t, attribute[bool](t, client, id, kmip.AttributeNameSensitive), true)
	same(t, attribute[string](t, client, id, kmip.AttributeNameDescription), "described")
	refused(client.Get(id).Exec())(t, kmip.ResultReasonNotExtractable)
	pair := ok(client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_384, sign, verify).
		PrivateKey().WithAttribute(kmip.AttributeNameExtractable, false).WithAttribute(kmip.AttributeNameSensitive, true).
		Common().WithAttribute(kmip.AttributeNameDescription, "both").Exec())(t)
	same(t, attribute[string](t, client, pair.PublicKeyUniqueIdentifier, kmip.AttributeNameDescription), "both")
	refused(client.Get(pair.PrivateKeyUniqueIdentifier).Exec())(t, kmip.ResultReasonNotExtractable)
}

func TestOkmsRegisterKeyPair(t *testing.T) {
	client := okms(t)
	key := ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	pem := keyPEM("EC PRIVATE KEY", ok(x509.MarshalECPrivateKey(key))(t))
	private := ok(client.Register().PemPrivateKey(pem, sign).WithAttribute(kmip.AttributeNameExtractable, true).
		WithAttribute(kmip.AttributeNameSensitive, false).Exec())(t).UniqueIdentifier
	public := ok(client.Register().PemPublicKey(pem, verify).WithLink(kmip.LinkTypePrivateKeyLink, private).Exec())(t).UniqueIdentifier
	link := kmip.Link{LinkType: kmip.LinkTypePublicKeyLink, LinkedObjectIdentifier: public}
	ok(client.AddAttribute(private, kmip.AttributeNameLink, link).Exec())(t)
	same(t, attribute[kmip.Link](t, client, private, kmip.AttributeNameLink), link)
	same(t, attribute[kmip.Link](t, client, public, kmip.AttributeNameLink), kmip.Link{LinkType: kmip.LinkTypePrivateKeyLink, LinkedObjectIdentifier: private})
	same(t, ok(ok(client.Get(private).Exec())(t).EcdsaPrivateKey())(t).Equal(key), true)
}

// Its register certificate sends a file as it is; without --pem, that may be PEM.
func TestOkmsRegisterCertificate(t *testing.T) {
	client := okms(t)
	der := selfSigned(t, ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t))
	as := keyPEM("CERTIFICATE", der)
	id := ok(client.Register().Certificate(kmip.CertificateTypeX_509, as).Exec())(t).UniqueIdentifier
	sameBytes(t, ok(client.Get(id).Exec())(t).Object.(*kmip.Certificate).CertificateValue, as)
	parent := ok(client.Register().PemCertificate(as).WithLink(kmip.LinkTypeCertificateLink, id).Exec())(t).UniqueIdentifier
	same(t, attribute[kmip.Link](t, client, parent, kmip.AttributeNameLink).LinkedObjectIdentifier, id)
}

func TestOkmsAttributes(t *testing.T) {
	client, name := okms(t), fresh(t)
	id := ok(client.Create().AES(256, encryptDecrypt).WithName(name).Exec())(t).UniqueIdentifier
	renamed := kmip.Name{NameValue: name + "-new", NameType: kmip.NameTypeUninterpretedTextString}
	same(t, ok(client.ModifyAttribute(id, kmip.AttributeNameName, renamed).Exec())(t).Attribute.AttributeValue.(kmip.Name), renamed)
	ok(client.AddAttribute(id, kmip.AttributeNameComment, "first").Exec())(t)
	ok(client.ModifyAttribute(id, kmip.AttributeNameComment, "second").Exec())(t)
	same(t, attribute[string](t, client, id, kmip.AttributeNameComment), "second")
	ok(client.DeleteAttribute(id, kmip.AttributeNameComment).WithIndex(0).Exec())(t)
	same(t, len(attributes[string](t, client, id, kmip.AttributeNameComment)), 0)
}

func TestOkmsLocateAndEnd(t *testing.T) {
	client := okms(t)
	active, other := activeAES(t, client, 256, encryptDecrypt), ok(client.Create().AES(256, encryptDecrypt).Exec())(t).UniqueIdentifier
	find := func(search kmipclient.ExecLocate) []string { return ok(search.Exec())(t).UniqueIdentifier }
	byState := find(client.Locate().WithAttribute(kmip.AttributeNameState, kmip.StateActive).WithObjectType(kmip.ObjectTypeSymmetricKey))
	same(t, slices.Contains(byState, active), true)
	same(t, slices.Contains(byState, other), false)
	ok(client.Revoke(active).WithRevocationReasonCode(kmip.RevocationReasonCodeUnspecified).WithRevocationMessage("over").Exec())(t)
	refused(client.Revoke(active).Exec())(t, kmip.ResultReasonPermissionDenied)
	same(t, attribute[kmip.ObjectType](t, client, active, kmip.AttributeNameObjectType), kmip.ObjectTypeSymmetricKey)
	made := ok(client.Rekey(active).Exec())(t).UniqueIdentifier
	for _, id := range []string{active, other, made} {
		if state(t, client, id) == kmip.StateActive {
			ok(client.Revoke(id).Exec())(t)
		}
		ok(client.Destroy(id).Exec())(t)
		refused(client.Destroy(id).Exec())(t, kmip.ResultReasonItemNotFound)
		same(t, slices.Contains(find(client.Locate()), id), false)
	}
	private, _ := activePair(t, client, client.CreateKeyPair().ECDSA(kmip.RecommendedCurveP_256, sign, verify))
	pair := ok(client.RekeyKeyPair(private).WithOffset(time.Minute).Exec())(t)
	same(t, state(t, client, pair.PrivateKeyUniqueIdentifier), kmip.StatePreActive)
}
