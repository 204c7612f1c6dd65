package interop

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
	"github.com/ovh/kmip-go/payloads"
)

// withCrypto are the versions that have cryptographic operations.
var withCrypto = versions[2:]

// knownAES registers a key that is known here, and activates it.
func knownAES(t *testing.T, client *kmipclient.Client, value []byte) string {
	t.Helper()
	id := ok(client.Register().SymmetricKey(kmip.CryptographicAlgorithmAES, encryptDecrypt, value).Exec())(t).UniqueIdentifier
	ok(client.Activate(id).Exec())(t)
	return id
}

func TestEncryptInEachMode(t *testing.T) {
	iv := []byte("an IV of 16 byte")
	for _, version := range withCrypto {
		for name, mode := range map[string]struct {
			mode    kmip.BlockCipherMode
			padding kmip.PaddingMethod
			iv      []byte
			text    string
		}{
			"CBC": {kmip.BlockCipherModeCBC, kmip.PaddingMethodPKCS5, iv, "any length"}, "CBC unpadded": {kmip.BlockCipherModeCBC, 0, iv, "exactly one bloc"},
			"ECB": {kmip.BlockCipherModeECB, kmip.PaddingMethodPKCS5, nil, "any length"}, "CTR": {kmip.BlockCipherModeCTR, 0, iv, "any length"},
			"CFB": {kmip.BlockCipherModeCFB, 0, iv, "any length"}, "OFB": {kmip.BlockCipherModeOFB, 0, iv, "any length"},
		} {
			t.Run(version.String()+"/"+name, func(t *testing.T) {
				client := dial(t, kmipclient.EnforceVersion(version))
				id := activeAES(t, client, 256, encryptDecrypt)
				parameters := kmip.CryptographicParameters{BlockCipherMode: mode.mode, PaddingMethod: mode.padding, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES}
				sealed := ok(client.Encrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(mode.iv).Data([]byte(mode.text)).Exec())(t)
				same(t, len(sealed.IVCounterNonce), 0)
				same(t, bytes.Contains(sealed.Data, []byte(mode.text)), false)
				opened := ok(client.Decrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(mode.iv).Data(sealed.Data).Exec())(t)
				same(t, string(opened.Data), mode.text)
			})
		}
	}
}

func TestEncryptAsGoDoes(t *testing.T) {
	value, iv, text := []byte("0123456789abcdef"), []byte("twelve bytes"), []byte("what is sealed")
	gcm := ok(cipher.NewGCM(ok(aes.NewCipher(value))(t)))(t)
	parameters := kmip.CryptographicParameters{
		BlockCipherMode: kmip.BlockCipherModeGCM, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES, IVLength: 12, TagLength: 16,
	}
	for _, version := range withCrypto {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			id, aad := knownAES(t, client, value), []byte(nil)
			if version == kmip.V1_4 {
				aad = []byte("what goes with it")
			}
			want := gcm.Seal(nil, iv, text, aad)
			sealed := ok(client.Encrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(iv).WithAAD(aad).Data(text).Exec())(t)
			sameBytes(t, append(sealed.Data, sealed.AuthenticatedEncryptionTag...), want)
			same(t, len(sealed.AuthenticatedEncryptionTag) == 16, version == kmip.V1_4)
			decrypt := func() kmipclient.ExecDecryptWantsData {
				return client.Decrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(iv).WithAAD(aad)
			}
			sameBytes(t, ok(decrypt().Data(want).Exec())(t).Data, text)
			want[0]++
			refused(decrypt().Data(want).Exec())(t, kmip.ResultReasonCryptographicFailure)
			want[0]--
			if version == kmip.V1_4 {
				sealed := want[:len(want)-16]
				sameBytes(t, ok(decrypt().WithAuthTag(want[len(sealed):]).Data(sealed).Exec())(t).Data, text)
				refused(decrypt().WithAAD([]byte("other")).WithAuthTag(want[len(sealed):]).Data(sealed).Exec())(t, kmip.ResultReasonCryptographicFailure)
			}
		})
	}
}

func TestEncryptWithTheServersIV(t *testing.T) {
	client := dial(t)
	id := activeAES(t, client, 256, encryptDecrypt)
	for _, mode := range []kmip.BlockCipherMode{kmip.BlockCipherModeCBC, kmip.BlockCipherModeGCM} {
		parameters := kmip.CryptographicParameters{BlockCipherMode: mode, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES, RandomIV: ptr(true)}
		if mode == kmip.BlockCipherModeCBC {
			parameters.PaddingMethod = kmip.PaddingMethodPKCS5
		} else {
			parameters.TagLength = 16
		}
		sealed := ok(client.Encrypt(id).WithCryptographicParameters(parameters).Data([]byte("text")).Exec())(t)
		same(t, len(sealed.IVCounterNonce) > 0, true)
		opened := ok(client.Decrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(sealed.IVCounterNonce).
			WithAuthTag(sealed.AuthenticatedEncryptionTag).Data(sealed.Data).Exec())(t)
		same(t, string(opened.Data), "text")
	}
}

func TestEncryptInParts(t *testing.T) {
	for _, version := range versions[3:] {
		client := dial(t, kmipclient.EnforceVersion(version))
		id := activeAES(t, client, 256, encryptDecrypt)
		parameters := kmip.CryptographicParameters{BlockCipherMode: kmip.BlockCipherModeCBC, PaddingMethod: kmip.PaddingMethodPKCS5, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES}
		iv, sealed := make([]byte, 16), []byte(nil)
		var stream []byte
		parts := []string{"the first part, ", "the second part, ", "and the last."}
		for i, part := range parts {
			request := &payloads.EncryptRequestPayload{UniqueIdentifier: id, Data: []byte(part), CorrelationValue: stream}
			if i == 0 {
				request.CryptographicParameters, request.IVCounterNonce, request.InitIndicator = &parameters, iv, ptr(true)
			}
			if i == len(parts)-1 {
				request.FinalIndicator = ptr(true)
			}
			answer := ok(client.Request(t.Context(), request))(t).(*payloads.EncryptResponsePayload)
			sealed, stream = append(sealed, answer.Data...), answer.CorrelationValue
		}
		opened := ok(client.Decrypt(id).WithCryptographicParameters(parameters).WithIvCounterNonce(iv).Data(sealed).Exec())(t)
		same(t, string(opened.Data), parts[0]+parts[1]+parts[2])
	}
}

func TestEncryptWithRSA(t *testing.T) {
	client := dial(t)
	private, public := activePair(t, client, client.CreateKeyPair().RSA(2048, kmip.CryptographicUsageDecrypt, kmip.CryptographicUsageEncrypt))
	key := ok(ok(client.Get(public).Exec())(t).RsaPublicKey())(t)
	pkcs1 := kmip.CryptographicParameters{CryptographicAlgorithm: kmip.CryptographicAlgorithmRSA, PaddingMethod: kmip.PaddingMethodPKCS1V1_5}
	oaep := kmip.CryptographicParameters{CryptographicAlgorithm: kmip.CryptographicAlgorithmRSA, PaddingMethod: kmip.PaddingMethodOAEP, HashingAlgorithm: kmip.HashingAlgorithmSHA_256}
	for _, parameters := range []kmip.CryptographicParameters{pkcs1, oaep} {
		sealed := ok(client.Encrypt(public).WithCryptographicParameters(parameters).Data([]byte("text")).Exec())(t)
		opened := ok(client.Decrypt(private).WithCryptographicParameters(parameters).Data(sealed.Data).Exec())(t)
		same(t, string(opened.Data), "text")
	}
	elsewhere := ok(rsa.EncryptOAEP(sha256.New(), rand.Reader, key, []byte("sealed in Go"), nil))(t)
	oaep.MaskGenerator, oaep.MaskGeneratorHashingAlgorithm = kmip.MaskGeneratorMGF1, kmip.HashingAlgorithmSHA_256
	same(t, string(ok(client.Decrypt(private).WithCryptographicParameters(oaep).Data(elsewhere).Exec())(t).Data), "sealed in Go")
}

func TestEncryptNotAllowed(t *testing.T) {
	client := dial(t)
	parameters := kmip.CryptographicParameters{BlockCipherMode: kmip.BlockCipherModeECB, PaddingMethod: kmip.PaddingMethodPKCS5, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES}
	encrypt := func(id string) kmipclient.ExecEncrypt {
		return client.Encrypt(id).WithCryptographicParameters(parameters).Data([]byte("text"))
	}
	preActive := ok(client.Create().AES(256, encryptDecrypt).Exec())(t).UniqueIdentifier
	refused(encrypt(preActive).Exec())(t, kmip.ResultReasonPermissionDenied)
	decrypting := activeAES(t, client, 256, kmip.CryptographicUsageDecrypt)
	refused(encrypt(decrypting).Exec())(t, kmip.ResultReasonPermissionDenied)
	revoked := activeAES(t, client, 256, encryptDecrypt)
	sealed := ok(encrypt(revoked).Exec())(t).Data
	ok(client.Revoke(revoked).Exec())(t)
	refused(encrypt(revoked).Exec())(t, kmip.ResultReasonPermissionDenied)
	// What it has sealed can still be opened.
	opened := ok(client.Decrypt(revoked).WithCryptographicParameters(parameters).Data(sealed).Exec())(t)
	same(t, string(opened.Data), "text")
}
