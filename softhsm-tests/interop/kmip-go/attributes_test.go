package interop

import (
	"slices"
	"testing"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

func TestAttributesAddedModifiedDeleted(t *testing.T) {
	aesInEveryVersion(t, func(t *testing.T, client *kmipclient.Client, id string) {
		const custom = kmip.AttributeName("x-department")
		added := ok(client.AddAttribute(id, custom, "storage").Exec())(t)
		same(t, added.UniqueIdentifier, id)
		same(t, valueOf[string](t, added.Attribute), "storage")
		ok(client.AddAttribute(id, custom, "backup").Exec())(t)
		same(t, len(attributes[string](t, client, id, custom)), 2)
		modified := ok(client.ModifyAttribute(id, custom, "archive").WithIndex(1).Exec())(t)
		same(t, valueOf[string](t, modified.Attribute), "archive")
		same(t, *modified.Attribute.AttributeIndex, 1)
		deleted := ok(client.DeleteAttribute(id, custom).WithIndex(0).Exec())(t)
		same(t, valueOf[string](t, deleted.Attribute), "storage")
		same(t, attribute[string](t, client, id, custom), "archive")
		refused(client.DeleteAttribute(id, custom).WithIndex(7).Exec())(t, kmip.ResultReasonItemNotFound)
		refused(client.ModifyAttribute(id, "x-none", "x").Exec())(t, kmip.ResultReasonInvalidField)
	})
}

func TestAttributesOfTheServerAreNotTheClients(t *testing.T) {
	client := dial(t)
	id := ok(client.Create().AES(256, encryptDecrypt).Exec())(t).UniqueIdentifier
	refused(client.ModifyAttribute(id, kmip.AttributeNameState, kmip.StateActive).Exec())(t, kmip.ResultReasonPermissionDenied)
	refused(client.DeleteAttribute(id, kmip.AttributeNameCryptographicLength).Exec())(t, kmip.ResultReasonPermissionDenied)
	refused(client.AddAttribute(id, kmip.AttributeNameInitialDate, time.Now()).Exec())(t, kmip.ResultReasonPermissionDenied)
}

func TestAttributesOfEveryVersion(t *testing.T) {
	since := map[kmip.AttributeName]kmip.ProtocolVersion{
		kmip.AttributeNameFresh: kmip.V1_1, kmip.AttributeNameOriginalCreationDate: kmip.V1_2,
		kmip.AttributeNameKeyValuePresent: kmip.V1_2,
		kmip.AttributeNameSensitive:       kmip.V1_4, kmip.AttributeNameNeverExtractable: kmip.V1_4,
	}
	aesInEveryVersion(t, func(t *testing.T, client *kmipclient.Client, id string) {
		list := ok(client.GetAttributeList(id).Exec())(t).AttributeName
		all := []kmip.AttributeName{}
		for _, attribute := range ok(client.GetAttributes(id).Exec())(t).Attribute {
			all = append(all, attribute.AttributeName)
		}
		for _, name := range list {
			if !slices.Contains(all, name) {
				t.Fatalf("%s is listed, but not there", name)
			}
		}
		later := func(a, b kmip.ProtocolVersion) bool { return a.ProtocolVersionMinor > b.ProtocolVersionMinor }
		for name, first := range since {
			if slices.Contains(all, name) && later(first, client.Version()) {
				t.Fatalf("%s in %v", name, client.Version())
			}
		}
		same(t, slices.Contains(all, kmip.AttributeNameSensitive), client.Version() == kmip.V1_4)
	})
}

func TestAttributesAtCreation(t *testing.T) {
	client, name := dial(t), fresh(t)
	start := time.Now().Add(time.Hour).Truncate(time.Second)
	id := ok(client.Create().AES(256, encryptDecrypt).
		WithName(name).WithURI("urn:"+name).
		WithAttribute(kmip.AttributeNameObjectGroup, "group-"+name).
		WithAttribute(kmip.AttributeNameContactInformation, "ops@example.com").
		WithAttribute(kmip.AttributeNameActivationDate, start).
		WithAttribute(kmip.AttributeNameDescription, "a key").
		WithAttribute(kmip.AttributeNameComment, "to be kept").
		WithAttribute(kmip.AttributeNameAlternativeName, kmip.AlternativeName{AlternativeNameValue: "also", AlternativeNameType: kmip.AlternativeNameTypeUninterpretedTextString}).
		Exec())(t).UniqueIdentifier
	same(t, len(attributes[kmip.Name](t, client, id, kmip.AttributeNameName)), 2)
	same(t, attribute[string](t, client, id, kmip.AttributeNameContactInformation), "ops@example.com")
	same(t, attribute[string](t, client, id, kmip.AttributeNameDescription), "a key")
	same(t, attribute[string](t, client, id, kmip.AttributeNameComment), "to be kept")
	same(t, attribute[kmip.AlternativeName](t, client, id, kmip.AttributeNameAlternativeName).AlternativeNameValue, "also")
	same(t, attribute[time.Time](t, client, id, kmip.AttributeNameActivationDate).Unix(), start.Unix())
	same(t, state(t, client, id), kmip.StatePreActive)
	refused(client.Create().AES(256, encryptDecrypt).WithName(name).Exec())(t, kmip.ResultReasonInvalidField)
}

// located ends the test unless a search finds these objects, in any order.
func located(t *testing.T, search kmipclient.ExecLocate, want ...string) {
	t.Helper()
	got := ok(search.Exec())(t).UniqueIdentifier
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%v, not %v", got, want)
	}
}

func TestLocateByEachAttribute(t *testing.T) {
	client, group := dial(t), fresh(t)
	date := time.Date(2040, 2, 3, 4, 5, 6, 0, time.UTC)
	aes := ok(client.Create().AES(192, encryptDecrypt).WithName(group+"-aes").
		WithAttribute(kmip.AttributeNameObjectGroup, group).
		WithAttribute(kmip.AttributeNameDeactivationDate, date).
		WithAttribute("x-owner", "left "+group).WithAttribute("x-owner", "right "+group).Exec())(t).UniqueIdentifier
	ok(client.Activate(aes).Exec())(t)
	mac := ok(client.Create().SymmetricKey(kmip.CryptographicAlgorithmHMACSHA512, 512, kmip.CryptographicUsageMACVerify).
		WithName(group+"-mac").WithAttribute(kmip.AttributeNameObjectGroup, group).Exec())(t).UniqueIdentifier
	secret := ok(client.Register().SecretString(kmip.SecretDataTypePassword, "hush").
		WithAttribute(kmip.AttributeNameObjectGroup, group).Exec())(t).UniqueIdentifier
	within := func() kmipclient.ExecLocate {
		return client.Locate().WithAttribute(kmip.AttributeNameObjectGroup, group)
	}
	located(t, within(), aes, mac, secret)
	located(t, client.Locate().WithName(group+"-aes"), aes)
	located(t, client.Locate().WithName(group+"-AES"))
	located(t, client.Locate().WithUniqueID(mac), mac)
	located(t, within().WithObjectType(kmip.ObjectTypeSecretData), secret)
	located(t, within().WithObjectType(kmip.ObjectTypeSymmetricKey), aes, mac)
	located(t, within().WithAttribute(kmip.AttributeNameState, kmip.StateActive), aes)
	located(t, within().WithAttribute(kmip.AttributeNameCryptographicAlgorithm, kmip.CryptographicAlgorithmHMACSHA512), mac)
	located(t, within().WithAttribute(kmip.AttributeNameCryptographicLength, int32(192)), aes)
	located(t, within().WithAttribute(kmip.AttributeNameCryptographicUsageMask, kmip.CryptographicUsageEncrypt), aes)
	located(t, within().WithAttribute(kmip.AttributeNameDeactivationDate, date), aes)
	between := within().WithAttribute(kmip.AttributeNameDeactivationDate, date.Add(-time.Hour)).
		WithAttribute(kmip.AttributeNameDeactivationDate, date.Add(time.Hour))
	located(t, between, aes)
	located(t, client.Locate().WithAttribute("x-owner", "left "+group), aes)
	located(t, client.Locate().WithAttribute("x-owner", "left "+group).WithAttribute("x-owner", "right "+group), aes)
	located(t, client.Locate().WithAttribute("x-owner", "left "+group).WithAttribute("x-owner", "none"))
	located(t, within().WithStorageStatusMask(kmip.StorageStatusOnlineStorage), aes, mac, secret)
	located(t, within().WithObjectGroupMember(kmip.ObjectGroupMemberFresh), aes, mac, secret)
}

func TestLocateInPages(t *testing.T) {
	client, group := dial(t), fresh(t)
	for range 5 {
		ok(client.Create().AES(128, encryptDecrypt).WithAttribute(kmip.AttributeNameObjectGroup, group).Exec())(t)
	}
	search := func() kmipclient.ExecLocate {
		return client.Locate().WithAttribute(kmip.AttributeNameObjectGroup, group)
	}
	all := ok(search().Exec())(t).UniqueIdentifier
	same(t, len(all), 5)
	seen := []string{}
	for offset := int32(0); ; offset += 2 {
		page := ok(search().WithMaxItems(2).WithOffset(offset).Exec())(t)
		same(t, *page.LocatedItems, 5)
		if len(page.UniqueIdentifier) == 0 {
			break
		}
		seen = append(seen, page.UniqueIdentifier...)
	}
	if !slices.Equal(seen, all) {
		t.Fatalf("%v, not %v", seen, all)
	}
}
