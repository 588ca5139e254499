package main

import (
	"testing"

	"zhanqun/config"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Settings that nobody changed take what the wire carries, and room is a matter
// of the reserve alone.
func TestLimitsOfTheSettings(t *testing.T) {
	cfg := config.DefaultHub()
	if got := *limits(cfg); got != protocol.WireLimits() {
		t.Errorf("limits %+v", got)
	}
	cfg.Limits.MaxAttachments, cfg.Limits.MaxAttachmentBytes, cfg.Limits.MaxItemBytes = 1, 2, 3
	if got, want := *limits(cfg), (protocol.Limits{Attachments: 1, AttachmentBytes: 2, ItemBytes: 3}); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
	cfg.Dir = t.TempDir()
	cfg.Limits.DiskReserveBytes = 0
	if err := room(cfg)(0); err != nil {
		t.Errorf("without a reserve: %v", err)
	}
	cfg.Limits.DiskReserveBytes = 1 << 50
	if err := room(cfg)(0); !fault.Is(err, fault.Full) {
		t.Errorf("with a reserve of a PiB: %v", err)
	}
}
