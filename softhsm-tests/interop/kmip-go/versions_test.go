package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipclient"
	"github.com/ovh/kmip-go/payloads"
	"github.com/ovh/kmip-go/ttlv"
)

func TestVersionNegotiated(t *testing.T) {
	same(t, dial(t).Version(), kmip.V1_4)
	for i, highest := range versions {
		t.Run(highest.String(), func(t *testing.T) {
			client := dial(t, kmipclient.WithKmipVersions(versions[:i+1]...))
			same(t, client.Version(), highest)
			ok(client.Query().Operations().Exec())(t)
		})
	}
}

func TestVersionUnknownIsNotNegotiated(t *testing.T) {
	unknown := kmip.ProtocolVersion{ProtocolVersionMajor: 9, ProtocolVersionMinor: 9}
	_, err := kmipclient.Dial(os.Getenv("KMIP_ADDR"), options(kmipclient.WithKmipVersions(unknown))...)
	if err == nil || !strings.Contains(err.Error(), "No common version") {
		t.Fatal(err)
	}
	same(t, dial(t, kmipclient.WithKmipVersions(unknown, kmip.V1_3)).Version(), kmip.V1_3)
}

func TestVersionEnforced(t *testing.T) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			client := dial(t, kmipclient.EnforceVersion(version))
			message := kmip.NewRequestMessage(version, &payloads.QueryRequestPayload{
				QueryFunction: []kmip.QueryFunction{kmip.QueryFunctionOperations},
			})
			answer := ok(client.RoundTrip(context.Background(), &message))(t)
			same(t, answer.Header.ProtocolVersion, version)
			id := ok(client.Create().AES(256, encryptDecrypt).WithName(fresh(t)).Exec())(t).UniqueIdentifier
			same(t, state(t, client, id), kmip.StatePreActive)
			ok(client.Destroy(id).Exec())(t)
		})
	}
}

func TestVersionDiscoverInTheClientsOrder(t *testing.T) {
	client := dial(t)
	asked := []kmip.ProtocolVersion{kmip.V1_1, kmip.V1_4, kmip.V1_0}
	answer := ok(client.Request(context.Background(), &payloads.DiscoverVersionsRequestPayload{ProtocolVersion: asked}))(t)
	same(t, fmt.Sprint(answer.(*payloads.DiscoverVersionsResponsePayload).ProtocolVersion), fmt.Sprint(asked))
}

func TestConnectionCloned(t *testing.T) {
	client := dial(t, kmipclient.WithKmipVersions(kmip.V1_2))
	same(t, client.Addr(), os.Getenv("KMIP_ADDR"))
	clone := ok(client.Clone())(t)
	ok(0, client.Close())(t)
	same(t, clone.Version(), kmip.V1_2)
	ok(clone.Query().Objects().Exec())(t)
	again := ok(client.CloneCtx(context.Background()))(t)
	ok(again.Query().Objects().Exec())(t)
	ok(0, clone.Close())(t)
	ok(0, again.Close())(t)
}

func TestConnectionByTLSVersion(t *testing.T) {
	pool := kmipclient.WithRootCAPem(ok(os.ReadFile(os.Getenv("KMIP_CA")))(t))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			config := &tls.Config{MinVersion: version, MaxVersion: version}
			client := dial(t, kmipclient.WithTlsConfig(config), pool, kmipclient.WithServerName("localhost"))
			ok(client.Query().Operations().Exec())(t)
		})
	}
	cipher := kmipclient.WithTlsCipherSuiteNames("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
	ok(dial(t, cipher).Query().Operations().Exec())(t)
}

func TestConnectionOfAStrangerIsRefused(t *testing.T) {
	_, err := kmipclient.Dial(os.Getenv("KMIP_ADDR"), kmipclient.WithRootCAFile(os.Getenv("KMIP_CA")))
	if err == nil {
		t.Fatal("it was not refused")
	}
}

func TestConnectionToACluster(t *testing.T) {
	// The first member is not there.
	listener := ok(net.Listen("tcp", "127.0.0.1:0"))(t)
	gone := listener.Addr().String()
	ok(0, listener.Close())(t)
	members := []string{gone, os.Getenv("KMIP_ADDR")}
	client := ok(kmipclient.DialCluster(members, options(kmipclient.WithRetryTimeout(time.Second))...))(t)
	defer client.Close()
	ok(client.Query().Operations().Exec())(t)
}

func TestMiddlewareCorrelationValueIsEchoedSince14(t *testing.T) {
	for _, version := range versions {
		t.Run(version.String(), func(t *testing.T) {
			var echoed string
			look := func(next kmipclient.Next, ctx context.Context, message *kmip.RequestMessage) (*kmip.ResponseMessage, error) {
				answer, err := next(ctx, message)
				if err == nil {
					echoed = answer.Header.ClientCorrelationValue
				}
				return answer, err
			}
			value := kmipclient.CorrelationValueMiddleware(func() string { return "correlated" })
			client := dial(t, kmipclient.EnforceVersion(version), kmipclient.WithMiddlewares(look, value))
			ok(client.Query().Operations().Exec())(t)
			want := ""
			if version == kmip.V1_4 {
				want = "correlated"
			}
			same(t, echoed, want)
		})
	}
}

func TestMiddlewareDebugAndTimeout(t *testing.T) {
	var log bytes.Buffer
	middlewares := kmipclient.WithMiddlewares(
		kmipclient.TimeoutMiddleware(time.Minute), kmipclient.DebugMiddleware(&log, ttlv.MarshalXML))
	ok(dial(t, middlewares).Query().ServerInformation().Exec())(t)
	for _, word := range []string{"<RequestMessage>", "<ResponseMessage>", "<VendorIdentification"} {
		if !strings.Contains(log.String(), word) {
			t.Fatalf("no %s in %s", word, &log)
		}
	}
}

func TestAnswerLargerThanTheClientTakes(t *testing.T) {
	client := dial(t, kmipclient.EnforceVersion(kmip.V1_4), kmipclient.WithMaxMessageSize(64))
	_, err := client.Query().All().Exec()
	if err == nil || !strings.Contains(err.Error(), kmipclient.ErrResponseTooLarge.Error()) {
		t.Fatal(err)
	}
}
