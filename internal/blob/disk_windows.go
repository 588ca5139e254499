package blob

// syncDir does nothing: NTFS journals its folders, and Windows has no call to
// flush one.
func (s *Store) syncDir(string) error { return nil }
