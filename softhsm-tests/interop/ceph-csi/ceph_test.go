package interop

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"testing"

	"github.com/gemalto/kmip-go"
	"github.com/gemalto/kmip-go/kmip14"
)

// cipherRequest asks for Encrypt or Decrypt. The library has no type for it.
type cipherRequest struct {
	UniqueIdentifier        string
	CryptographicParameters kmip.CryptographicParameters
	Data                    []byte
	IVCounterNonce          []byte `ttlv:",omitempty"`
}

type cipherAnswer struct {
	UniqueIdentifier string
	Data             []byte
	IVCounterNonce   []byte `ttlv:",omitempty"`
}

type revokeRequest struct {
	UniqueIdentifier string
	RevocationReason struct{ RevocationReasonCode kmip14.RevocationReasonCode }
}

type uniqueIdentifier struct {
	UniqueIdentifier string
}

var cbc = kmip.CryptographicParameters{
	BlockCipherMode: kmip14.BlockCipherModeCBC, PaddingMethod: kmip14.PaddingMethodPKCS5,
	CryptographicAlgorithm: kmip14.CryptographicAlgorithmAES,
}

// activeKey makes the key that an administrator gives to ceph-csi by its Unique Identifier.
func activeKey(t *testing.T) string {
	t.Helper()
	request := kmip.CreateRequestPayload{ObjectType: kmip14.ObjectTypeSymmetricKey}
	request.TemplateAttribute.Append(kmip14.TagCryptographicAlgorithm, kmip14.CryptographicAlgorithmAES)
	request.TemplateAttribute.Append(kmip14.TagCryptographicLength, 256)
	request.TemplateAttribute.Append(kmip14.TagCryptographicUsageMask, kmip14.CryptographicUsageMaskEncrypt|kmip14.CryptographicUsageMaskDecrypt)
	var made kmip.CreateResponsePayload
	administer(t, kmip14.OperationCreate, request, &made)
	administer(t, kmip14.OperationActivate, uniqueIdentifier{made.UniqueIdentifier}, &uniqueIdentifier{})
	return made.UniqueIdentifier
}

func random(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes)
	return bytes
}

// USE_CRYPTO_RPC=true: the key stays where it is; passphrases of volumes go to it.
func TestCsiByEncryptAndDecrypt(t *testing.T) {
	key := activeKey(t)
	for _, passphrase := range [][]byte{[]byte("a passphrase of a volume"), random(256), random(16), random(1)} {
		nonce := random(16)
		var sealed cipherAnswer
		must(t, ask(t, kmip14.OperationEncrypt, cipherRequest{key, cbc, passphrase, nonce}, &sealed))
		if len(sealed.Data) != (len(passphrase)/16+1)*16 || sealed.IVCounterNonce != nil {
			t.Fatalf("%d bytes became %d, with the IV %x", len(passphrase), len(sealed.Data), sealed.IVCounterNonce)
		}
		var opened cipherAnswer
		must(t, ask(t, kmip14.OperationDecrypt, cipherRequest{key, cbc, sealed.Data, nonce}, &opened))
		if !bytes.Equal(opened.Data, passphrase) {
			t.Fatalf("%x, not %x", opened.Data, passphrase)
		}
	}
}

// What was sealed before the key was retired is still opened; nothing more is sealed.
func TestCsiAfterTheKeyIsRetired(t *testing.T) {
	key, nonce := activeKey(t), random(16)
	var sealed, opened cipherAnswer
	must(t, ask(t, kmip14.OperationEncrypt, cipherRequest{key, cbc, []byte("passphrase"), nonce}, &sealed))
	retire := revokeRequest{UniqueIdentifier: key}
	retire.RevocationReason.RevocationReasonCode = kmip14.RevocationReasonCodeSuperseded
	administer(t, kmip14.OperationRevoke, retire, &uniqueIdentifier{})
	must(t, ask(t, kmip14.OperationDecrypt, cipherRequest{key, cbc, sealed.Data, nonce}, &opened))
	if string(opened.Data) != "passphrase" {
		t.Fatalf("%q", opened.Data)
	}
	refused(t, ask(t, kmip14.OperationEncrypt, cipherRequest{key, cbc, []byte("more"), nonce}, &sealed), kmip14.ResultReasonPermissionDenied)
}

func TestCsiWithAnUnknownKey(t *testing.T) {
	request := cipherRequest{"no-such-key", cbc, []byte("passphrase"), random(16)}
	refused(t, ask(t, kmip14.OperationEncrypt, request, &cipherAnswer{}), kmip14.ResultReasonItemNotFound)
}

// USE_CRYPTO_RPC=false: the key is fetched, and GCM is done by ceph-csi.
func TestCsiByGet(t *testing.T) {
	key := activeKey(t)
	fetch := func() cipher.AEAD {
		var got kmip.GetResponsePayload
		must(t, ask(t, kmip14.OperationGet, kmip.GetRequestPayload{UniqueIdentifier: key}, &got))
		block, err := aes.NewCipher(got.SymmetricKey.KeyBlock.KeyValue.KeyMaterial.([]byte))
		must(t, err)
		gcm, err := cipher.NewGCM(block)
		must(t, err)
		return gcm
	}
	nonce := random(12)
	sealed := fetch().Seal(nil, nonce, []byte("passphrase"), nil)
	opened, err := fetch().Open(nil, nonce, sealed, nil)
	must(t, err)
	if string(opened) != "passphrase" {
		t.Fatalf("%q", opened)
	}
}

// Roles without export, which the one who runs this test gives.
func TestCsiByGetWithoutExportIsRefused(t *testing.T) {
	key := activeKey(t)
	err := ask(t, kmip14.OperationGet, kmip.GetRequestPayload{UniqueIdentifier: key}, &kmip.GetResponsePayload{})
	refused(t, err, kmip14.ResultReasonNotExtractable)
}

// Rook keeps the passphrase of a disk as a key, without a name, fetches it at each start and destroys
// it with the disk, without ever activating or revoking it.
func TestRookKeepsKeys(t *testing.T) {
	value := random(32)
	request := kmip.RegisterRequestPayload{
		ObjectType: kmip14.ObjectTypeSymmetricKey,
		SymmetricKey: &kmip.SymmetricKey{KeyBlock: kmip.KeyBlock{
			KeyFormatType: kmip14.KeyFormatTypeRaw, KeyValue: &kmip.KeyValue{KeyMaterial: value},
			CryptographicAlgorithm: kmip14.CryptographicAlgorithmAES, CryptographicLength: len(value) * 8,
		}},
	}
	request.TemplateAttribute.Append(kmip14.TagCryptographicUsageMask, kmip14.CryptographicUsageMaskExport)
	var registered kmip.RegisterResponsePayload
	must(t, ask(t, kmip14.OperationRegister, request, &registered))
	id := registered.UniqueIdentifier
	for range 2 {
		var got kmip.GetResponsePayload
		must(t, ask(t, kmip14.OperationGet, kmip.GetRequestPayload{UniqueIdentifier: id}, &got))
		if material := got.SymmetricKey.KeyBlock.KeyValue.KeyMaterial.([]byte); !bytes.Equal(material, value) || got.UniqueIdentifier != id {
			t.Fatalf("%x, not %x", material, value)
		}
	}
	var destroyed kmip.DestroyResponsePayload
	must(t, ask(t, kmip14.OperationDestroy, kmip.DestroyRequestPayload{UniqueIdentifier: id}, &destroyed))
	if destroyed.UniqueIdentifier != id {
		t.Fatal(destroyed)
	}
	err := ask(t, kmip14.OperationGet, kmip.GetRequestPayload{UniqueIdentifier: id}, &kmip.GetResponsePayload{})
	refused(t, err, kmip14.ResultReasonItemNotFound)
}
