// Package interop walks the API of github.com/ovh/kmip-go's client against a running server, which
// the environment names: KMIP_ADDR, KMIP_CA, KMIP_CERT and KMIP_KEY.
package interop

import (
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
	"github.com/ovh/kmip-go/ttlv"
)

const (
	encryptDecrypt = kmip.CryptographicUsageEncrypt | kmip.CryptographicUsageDecrypt
	sign           = kmip.CryptographicUsageSign
	verify         = kmip.CryptographicUsageVerify
)

var versions = []kmip.ProtocolVersion{kmip.V1_0, kmip.V1_1, kmip.V1_2, kmip.V1_3, kmip.V1_4}

// options are what every connection of these tests has in common.
func options(more ...kmipclient.Option) []kmipclient.Option {
	return append([]kmipclient.Option{
		kmipclient.WithRootCAFile(os.Getenv("KMIP_CA")),
		kmipclient.WithClientCertFiles(os.Getenv("KMIP_CERT"), os.Getenv("KMIP_KEY")),
	}, more...)
}

// dial connects, and closes the connection when the test ends.
func dial(t *testing.T, more ...kmipclient.Option) *kmipclient.Client {
	t.Helper()
	client, err := kmipclient.Dial(os.Getenv("KMIP_ADDR"), options(more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// ok takes what a call returned, and ends the test if that was an error.
func ok[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// refused ends the test unless the call was refused for this reason.
func refused[T any](_ T, err error) func(t *testing.T, reason kmip.ResultReason) {
	return func(t *testing.T, reason kmip.ResultReason) {
		t.Helper()
		if err == nil {
			t.Fatal("it was not refused")
		}
		if want := fmt.Sprintf("reason=%q", ttlv.EnumStr(reason)); !strings.Contains(err.Error(), want) {
			t.Fatalf("not %s: %v", want, err)
		}
	}
}

// same ends the test if two values differ.
func same[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%v, not %v", got, want)
	}
}

// sameBytes ends the test if two strings of bytes differ.
func sameBytes(t *testing.T, got, want []byte) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%x, not %x", got, want)
	}
}

// fresh is a name that nothing else has.
func fresh(t *testing.T) string {
	return strings.ReplaceAll(t.Name(), "/", "-") + "-" + rand.Text()
}

// valueOf returns the value of an attribute. That of a custom one comes with its type.
func valueOf[T any](t *testing.T, attribute kmip.Attribute) T {
	t.Helper()
	inner := attribute.AttributeValue
	if custom, is := inner.(ttlv.Value); is {
		inner = custom.Value
	}
	value, is := inner.(T)
	if !is {
		t.Fatalf("%s is a %T", attribute.AttributeName, inner)
	}
	return value
}

// attributes returns the values of one attribute of an object.
func attributes[T any](t *testing.T, client *kmipclient.Client, id string, name kmip.AttributeName) []T {
	t.Helper()
	answer := ok(client.GetAttributes(id, name).Exec())(t)
	same(t, answer.UniqueIdentifier, id)
	values := []T{}
	for _, attribute := range answer.Attribute {
		same(t, attribute.AttributeName, name)
		values = append(values, valueOf[T](t, attribute))
	}
	return values
}

// attribute returns the one value of an attribute of an object.
func attribute[T any](t *testing.T, client *kmipclient.Client, id string, name kmip.AttributeName) T {
	t.Helper()
	values := attributes[T](t, client, id, name)
	if len(values) != 1 {
		t.Fatalf("%d values of %s", len(values), name)
	}
	return values[0]
}

func state(t *testing.T, client *kmipclient.Client, id string) kmip.State {
	t.Helper()
	return attribute[kmip.State](t, client, id, kmip.AttributeNameState)
}

// activeAES makes a key and activates it.
func activeAES(t *testing.T, client *kmipclient.Client, bits int, usage kmip.CryptographicUsageMask) string {
	t.Helper()
	id := ok(client.Create().AES(bits, usage).Exec())(t).UniqueIdentifier
	ok(client.Activate(id).Exec())(t)
	return id
}

// activePair activates a pair of keys.
func activePair(t *testing.T, client *kmipclient.Client, make kmipclient.ExecCreateKeyPairAttr) (private, public string) {
	t.Helper()
	pair := ok(make.Exec())(t)
	for _, id := range []string{pair.PrivateKeyUniqueIdentifier, pair.PublicKeyUniqueIdentifier} {
		ok(client.Activate(id).Exec())(t)
	}
	return pair.PrivateKeyUniqueIdentifier, pair.PublicKeyUniqueIdentifier
}

func ptr[T any](value T) *T {
	return &value
}
