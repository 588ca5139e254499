package health

import (
	"context"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// CloseSite says that a site was closed for good or merged into another (关停、整合
// 迁移), or, with open, that it is to be looked at again. Who and why is kept.
func (s *Service) CloseSite(ctx context.Context, who access.User, id, note string, open bool) error {
	if err := who.Need(access.Manage); err != nil {
		return err
	}
	note = strings.TrimSpace(note)
	if note == "" || len(note) > 1000 {
		return fault.Field("closing", "请写明理由，供检查时说明（不超过 300 字）。")
	}
	if open {
		err := s.Store.ReopenSite(ctx, who.Login, id, note)
		s.Wake()
		return err
	}
	gone, err := s.Store.CloseSite(ctx, who.Login, id, note, func(f Finding) Finding {
		return closed(f, protocol.EndingWaived, saysClosed, s.Now())
	})
	if err != nil {
		return err
	}
	return s.rejudge(ctx, gone)
}
