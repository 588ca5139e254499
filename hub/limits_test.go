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
	c := &county{cfg: config.DefaultHub()}
	if got := c.limits(); got != protocol.WireLimits() {
		t.Errorf("limits %+v", got)
	}
	c.cfg.Limits.MaxAttachments, c.cfg.Limits.MaxAttachmentBytes, c.cfg.Limits.MaxItemBytes = 1, 2, 3
	if got, want := c.limits(), (protocol.Limits{Attachments: 1, AttachmentBytes: 2, ItemBytes: 3}); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
	c.cfg.Dir = t.TempDir()
	c.cfg.Limits.DiskReserveBytes = 0
	if err := c.room(0); err != nil {
		t.Errorf("without a reserve: %v", err)
	}
	c.cfg.Limits.DiskReserveBytes = 1 << 50
	if err := c.room(0); !fault.Is(err, fault.Full) {
		t.Errorf("with a reserve of a PiB: %v", err)
	}
}
