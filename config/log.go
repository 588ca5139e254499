package config

import (
	"io"
	"log/slog"
)

// Log says how much is logged and in what form.
type Log struct {
	Level  string `toml:"level" env:"LEVEL"`   // debug, info, warn or error
	Format string `toml:"format" env:"FORMAT"` // text for people, json for collectors
}

var levels = map[string]slog.Level{
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// Logger returns a logger that writes to w as the settings say.
func (l Log) Logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: levels[l.Level]}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
