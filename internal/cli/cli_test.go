package cli

import "testing"

func TestUserName(t *testing.T) {
	for _, name := range []string{"SUDO_USER", "USER", "USERNAME"} {
		t.Setenv(name, "")
	}
	if UserName() == "" {
		t.Error("under cron nobody has a name")
	}
	t.Setenv("USER", "li")
	if got := UserName(); got != "li" {
		t.Errorf("got %q, want what the environment says", got)
	}
	t.Setenv("SUDO_USER", "wang")
	if got := UserName(); got != "wang" {
		t.Errorf("got %q, want who became root", got)
	}
}
