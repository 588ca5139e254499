package bus

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// Only trouble with the store closes it. A busy server also reports listeners
// it did not look at in time.
func TestTroubleOfTheStore(t *testing.T) {
	late := server.HealthzError{Type: server.HealthzErrorConn, Error: "failed to be ready for connections after 1ms: "}
	frozen := server.HealthzError{Type: server.HealthzErrorStream, Error: "write error: no space left on device"}
	for _, tt := range []struct {
		errors []server.HealthzError
		want   string
	}{{nil, ""}, {[]server.HealthzError{late}, ""}, {[]server.HealthzError{frozen}, frozen.Error}, {[]server.HealthzError{late, frozen}, frozen.Error}} {
		if got := troubleOf(&server.HealthStatus{Errors: tt.errors}); got != tt.want {
			t.Errorf("%v: %q", tt.errors, got)
		}
	}
}
