package interop

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
)

// whereItListens reads the address that the server wrote down at its latest start.
func whereItListens() (string, error) {
	text, err := os.ReadFile(os.Getenv("KMIP_READY"))
	if err != nil {
		return "", err
	}
	var ready struct {
		Address string `json:"kmip_addr"`
	}
	return ready.Address, json.Unmarshal(text, &ready)
}

// A client that is asked again after the server was killed and started finds its way by itself. Who
// runs this test reads `restart` from its output, restarts the server, and answers with a line.
func TestReconnectAfterRestart(t *testing.T) {
	if os.Getenv("KMIP_READY") == "" {
		t.Skip("nobody restarts the server")
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ok(os.ReadFile(os.Getenv("KMIP_CA")))(t))
	certificate := ok(tls.LoadX509KeyPair(os.Getenv("KMIP_CERT"), os.Getenv("KMIP_KEY")))(t)
	config := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}, ServerName: "localhost"}
	dialed := 0
	client := ok(kmipclient.Dial("any", kmipclient.WithDialerUnsafe(func(ctx context.Context, _ string) (net.Conn, error) {
		address, err := whereItListens()
		if err != nil {
			return nil, err
		}
		dialed++
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	})))(t)
	defer client.Close()
	id := activeAES(t, client, 256, encryptDecrypt)
	fmt.Println("restart")
	ok(bufio.NewReader(os.Stdin).ReadString('\n'))(t)
	same(t, state(t, client, id), kmip.StateActive)
	same(t, dialed, 2)
	located(t, client.Locate().WithUniqueID(id), id)
}
