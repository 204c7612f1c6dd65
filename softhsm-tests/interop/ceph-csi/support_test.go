// Package interop does with github.com/gemalto/kmip-go what ceph-csi and Rook do with it, against a
// running server, which the environment names: KMIP_ADDR, KMIP_CA, KMIP_CERT and KMIP_KEY, and
// KMIP_OPERATOR_CERT and KMIP_OPERATOR_KEY of who makes the keys that they are given. Both write their
// messages to the connection themselves, and compare all that comes back.
package interop

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gemalto/kmip-go"
	"github.com/gemalto/kmip-go/kmip14"
	"github.com/gemalto/kmip-go/ttlv"
	"github.com/google/uuid"
)

var version = kmip.ProtocolVersion{ProtocolVersionMajor: 1, ProtocolVersionMinor: 4}

// failure is an answer that is no success.
type failure struct {
	operation kmip14.Operation
	reason    kmip14.ResultReason
	message   string
}

func (f failure) Error() string {
	return fmt.Sprintf("%v: %v: %s", f.operation, f.reason, f.message)
}

// connect opens a connection with the certificate that variables of this prefix name.
func connect(t *testing.T, prefix string) *tls.Conn {
	t.Helper()
	authority, err := os.ReadFile(os.Getenv("KMIP_CA"))
	must(t, err)
	certificate, err := tls.LoadX509KeyPair(os.Getenv(prefix+"_CERT"), os.Getenv(prefix+"_KEY"))
	must(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	connection, err := tls.Dial("tcp", os.Getenv("KMIP_ADDR"), &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{certificate},
	})
	must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	must(t, connection.SetDeadline(time.Now().Add(time.Minute)))
	must(t, connection.Handshake())
	return connection
}

// discover asks whether the server knows KMIP 1.4, as both programs do before each request.
func discover(t *testing.T, connection *tls.Conn) {
	t.Helper()
	var found kmip.DiscoverVersionsResponsePayload
	request := kmip.DiscoverVersionsRequestPayload{ProtocolVersion: []kmip.ProtocolVersion{version}}
	must(t, send(connection, kmip14.OperationDiscoverVersions, request, &found))
	if len(found.ProtocolVersion) != 1 || found.ProtocolVersion[0] != version {
		t.Fatalf("%v, not exactly %v", found.ProtocolVersion, version)
	}
}

// send sends one request and reads its answer into `into`. The answer must be to just this request.
func send(connection *tls.Conn, operation kmip14.Operation, payload, into any) error {
	id := uuid.New()
	request, err := ttlv.Marshal(kmip.RequestMessage{
		RequestHeader: kmip.RequestHeader{ProtocolVersion: version, BatchCount: 1},
		BatchItem:     []kmip.RequestBatchItem{{UniqueBatchItemID: id[:], Operation: operation, RequestPayload: payload}},
	})
	if err != nil {
		return err
	}
	if _, err := connection.Write(request); err != nil {
		return err
	}
	decoder := ttlv.NewDecoder(bufio.NewReader(connection))
	raw, err := decoder.NextTTLV()
	if err != nil {
		return err
	}
	var answer kmip.ResponseMessage
	if err := decoder.DecodeValue(&answer, raw); err != nil {
		return err
	}
	if answer.ResponseHeader.BatchCount != 1 || len(answer.BatchItem) != 1 || answer.ResponseHeader.ProtocolVersion != version {
		return fmt.Errorf("%d items, version %v", len(answer.BatchItem), answer.ResponseHeader.ProtocolVersion)
	}
	item := answer.BatchItem[0]
	if item.Operation != operation || !bytes.Equal(item.UniqueBatchItemID, id[:]) {
		return fmt.Errorf("the answer is to %v, %x", item.Operation, item.UniqueBatchItemID)
	}
	if item.ResultStatus != kmip14.ResultStatusSuccess {
		return failure{operation, item.ResultReason, item.ResultMessage}
	}
	return decoder.DecodeValue(into, item.ResponsePayload.(ttlv.TTLV))
}

// ask sends one request over a connection of its own, as both programs do.
func ask(t *testing.T, operation kmip14.Operation, payload, into any) error {
	t.Helper()
	connection := connect(t, "KMIP")
	discover(t, connection)
	return send(connection, operation, payload, into)
}

// administer sends one request as the one who looks after the keys.
func administer(t *testing.T, operation kmip14.Operation, payload, into any) {
	t.Helper()
	must(t, send(connect(t, "KMIP_OPERATOR"), operation, payload, into))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused ends the test unless a request was refused for this reason, with a message.
func refused(t *testing.T, err error, reason kmip14.ResultReason) {
	t.Helper()
	if refusal, is := err.(failure); !is || refusal.reason != reason || refusal.message == "" {
		t.Fatalf("not %v: %v", reason, err)
	}
}
