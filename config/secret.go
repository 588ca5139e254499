package config

import "log/slog"

// Secret is a text that never prints: not by fmt with any verb, not by slog,
// not as JSON or TOML. Only Reveal gives it away. The zero value is the empty
// secret.
type Secret struct {
	// A pointer, because fmt prints the plain content of a field it may not
	// call methods on, such as one inside a caller's unexported field.
	value *string
}

// hidden is what stands in the place of a secret; an empty one is shown empty
// so that an operator can see that it is not set.
const hidden = "（已隐藏）"

// NewSecret returns text as a secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a secret at all.
func (s Secret) IsSet() bool { return s.value != nil }

// Equal reports whether both hold the same text.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// String returns a placeholder.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return hidden
}

// GoString returns a placeholder for %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue returns a placeholder for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns a placeholder for every encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the secret from a file or the environment.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
