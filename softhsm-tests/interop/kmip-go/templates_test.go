package interop

import (
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// template registers a Template with these attributes, and returns its name.
func template(t *testing.T, client *kmipclient.Client, attributes ...kmip.Attribute) kmip.Name {
	t.Helper()
	name := kmip.Name{NameValue: fresh(t), NameType: kmip.NameTypeUninterpretedTextString}
	ok(client.Register().Object(&kmip.Template{Attribute: attributes}).WithName(name.NameValue).Exec())(t)
	return name
}

func TestTemplatesForPairsAndSuccessors(t *testing.T) {
	client := dial(t, kmipclient.EnforceVersion(kmip.V1_2))
	note := func(text string) kmip.Attribute {
		return kmip.Attribute{AttributeName: "x-note", AttributeValue: text}
	}
	common := template(t, client, note("both"),
		kmip.Attribute{AttributeName: kmip.AttributeNameCryptographicAlgorithm, AttributeValue: kmip.CryptographicAlgorithmRSA},
		kmip.Attribute{AttributeName: kmip.AttributeNameCryptographicLength, AttributeValue: int32(2048)})
	private := template(t, client, kmip.Attribute{AttributeName: kmip.AttributeNameCryptographicUsageMask, AttributeValue: sign})
	pair := ok(client.CreateKeyPair().Common().WithTemplates(common).
		PrivateKey().WithTemplate(private.NameValue, private.NameType).
		PublicKey().WithAttribute(kmip.AttributeNameCryptographicUsageMask, verify).Exec())(t)
	for _, id := range []string{pair.PrivateKeyUniqueIdentifier, pair.PublicKeyUniqueIdentifier} {
		same(t, attribute[string](t, client, id, "x-note"), "both")
		same(t, attribute[int32](t, client, id, kmip.AttributeNameCryptographicLength), 2048)
	}
	mask := attribute[kmip.CryptographicUsageMask](t, client, pair.PrivateKeyUniqueIdentifier, kmip.AttributeNameCryptographicUsageMask)
	same(t, mask, sign)

	old := ok(client.Create().AES(256, encryptDecrypt).Exec())(t).UniqueIdentifier
	noted := template(t, client, note("successor"))
	next := ok(client.Rekey(old).WithTemplates(noted).WithAttribute(kmip.AttributeNameContactInformation, "ops").Exec())(t).UniqueIdentifier
	same(t, attribute[string](t, client, next, "x-note"), "successor")
	same(t, attribute[string](t, client, next, kmip.AttributeNameContactInformation), "ops")

	again := ok(client.RekeyKeyPair(pair.PrivateKeyUniqueIdentifier).Common().WithAttribute("x-generation", "two").
		PublicKey().WithAttribute("x-half", "public").PrivateKey().WithAttribute("x-half", "private").Exec())(t)
	same(t, attribute[string](t, client, again.PublicKeyUniqueIdentifier, "x-half"), "public")
	same(t, attribute[string](t, client, again.PrivateKeyUniqueIdentifier, "x-half"), "private")
	same(t, attribute[string](t, client, again.PublicKeyUniqueIdentifier, "x-generation"), "two")

	both := ok(client.GetAttributes(again.PublicKeyUniqueIdentifier).WithAttributes("x-half", "x-generation").Exec())(t)
	same(t, len(both.Attribute), 2)
}
