package config

import (
	"path/filepath"
	"time"
)

// Bundle says how bundles come and go across an air gap (网闸).
type Bundle struct {
	InDir        string `toml:"in_dir" env:"IN_DIR"`               // watched for bundles; empty means none
	OutDir       string `toml:"out_dir" env:"OUT_DIR"`             // where bundles are put; empty means nowhere
	EverySeconds int    `toml:"every_seconds" env:"EVERY_SECONDS"` // between two looks
	ResendHours  int    `toml:"resend_hours" env:"RESEND_HOURS"`   // without an answer that long, it is carried again
	MaxBytes     int64  `toml:"max_bytes" env:"MAX_BYTES"`         // of one bundle, before compression; one file may exceed it
}

// Every returns the time between two looks at the folders.
func (b Bundle) Every() time.Duration { return time.Duration(b.EverySeconds) * time.Second }

// Resend returns how long an answer is waited for.
func (b Bundle) Resend() time.Duration { return time.Duration(b.ResendHours) * time.Hour }

func defaultBundle() Bundle { return Bundle{EverySeconds: 60, ResendHours: 24, MaxBytes: 1 << 30} }

func (c *checker) bundle(b Bundle) {
	c.text("bundle.in_dir", b.InDir, 0, 1000)
	c.text("bundle.out_dir", b.OutDir, 0, 1000)
	if b.InDir != "" && b.OutDir != "" && filepath.Clean(b.InDir) == filepath.Clean(b.OutDir) {
		c.add("bundle.out_dir", "不能和 bundle.in_dir 是同一个文件夹")
	}
	c.between("bundle.every_seconds", int64(b.EverySeconds), 1, 24*60*60)
	c.between("bundle.resend_hours", int64(b.ResendHours), 1, 90*24)
	c.between("bundle.max_bytes", b.MaxBytes, 1<<20, 3<<30)
}
