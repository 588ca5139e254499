package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

func access_(t *testing.T, open Open) {
	t.Run("seeds", func(t *testing.T) {
		s := open(t)
		Units(t, s)
		Columns(t, s)
		n, key := Node(t, s, Sitang)
		got, err := s.NodeByKey(t.Context(), key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n, got); diff != "" || n.DownSeq != 1 || !protocol.ValidNode(n.ID) {
			t.Errorf("node %+v, by key (-id +key):\n%s", n, diff)
		}
		u := User(t, s, "wang", "reviewer", "")
		if in, err := Access(s).SignIn(t.Context(), " WANG", Password); err != nil || in.ID != u.ID {
			t.Errorf("SignIn = %+v, %v", in, err)
		}
	})
}
