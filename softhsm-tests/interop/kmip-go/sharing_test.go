package interop

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// One connection, and clones of it, used by many at once: everybody gets the answer to their own
// question.
func TestConnectionSharedByMany(t *testing.T) {
	client := dial(t)
	id := activeAES(t, client, 256, encryptDecrypt)
	parameters := kmip.CryptographicParameters{BlockCipherMode: kmip.BlockCipherModeECB, PaddingMethod: kmip.PaddingMethodPKCS5, CryptographicAlgorithm: kmip.CryptographicAlgorithmAES}
	var all sync.WaitGroup
	for worker := range 8 {
		own := client
		if worker%2 == 1 {
			own = ok(client.Clone())(t)
			t.Cleanup(func() { _ = own.Close() })
		}
		all.Go(func() {
			for round := range 20 {
				text := fmt.Sprintf("%d of %d", round, worker)
				sealed, err := own.Encrypt(id).WithCryptographicParameters(parameters).Data([]byte(text)).Exec()
				if err != nil {
					t.Error(err)
					return
				}
				opened, err := own.Decrypt(id).WithCryptographicParameters(parameters).Data(sealed.Data).Exec()
				if err != nil || string(opened.Data) != text {
					t.Errorf("%s, not %s: %v", opened.Data, text, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// Many clients send a user's name and password beside their certificate, whether or not somebody asks.
func TestCredentialThatNobodyAskedFor(t *testing.T) {
	name := func(next kmipclient.Next, ctx context.Context, message *kmip.RequestMessage) (*kmip.ResponseMessage, error) {
		message.Header.Authentication = &kmip.Authentication{Credential: kmip.Credential{
			CredentialType:  kmip.CredentialTypeUsernameAndPassword,
			CredentialValue: kmip.CredentialValue{UserPassword: &kmip.CredentialValueUserPassword{Username: "anybody", Password: "any"}},
		}}
		return next(ctx, message)
	}
	for _, version := range versions {
		client := dial(t, kmipclient.EnforceVersion(version), kmipclient.WithMiddlewares(name))
		ok(client.Create().AES(128, encryptDecrypt).Exec())(t)
	}
}
