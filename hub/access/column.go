package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Columns returns all columns in the order of their positions.
func (s *Service) Columns(ctx context.Context) ([]catalog.Column, error) {
	return s.Store.Columns(ctx)
}

// Column returns one column.
func (s *Service) Column(ctx context.Context, slug string) (catalog.Column, error) {
	all, err := s.Store.Columns(ctx)
	if err != nil {
		return catalog.Column{}, err
	}
	if i := slices.IndexFunc(all, func(c catalog.Column) bool { return c.Slug == slug }); i >= 0 {
		return all[i], nil
	}
	return catalog.Column{}, fault.New(fault.NotFound, "没有这个栏目："+slug)
}

// SaveColumn makes a column or changes one. Columns are never deleted, because
// entries stand in them; they are closed instead.
func (s *Service) SaveColumn(ctx context.Context, actor User, c catalog.Column) error {
	if err := actor.Need(Manage); err != nil {
		return err
	}
	c.Name = strings.TrimSpace(c.Name)
	c.Steps = slices.Clone(c.Steps)
	for i := range c.Steps {
		c.Steps[i].Name = strings.TrimSpace(c.Steps[i].Name)
	}
	if err := checkColumn(c); err != nil {
		return err
	}
	return s.Store.PutColumn(ctx, actor.Login, c, func(known []catalog.Column) error {
		isNew := !slices.ContainsFunc(known, func(k catalog.Column) bool { return k.Slug == c.Slug })
		if isNew && len(known) >= MaxColumns {
			return fault.New(fault.Invalid, fmt.Sprintf("栏目已有 %d 个，不能再加。", MaxColumns))
		}
		return nil
	})
}

func checkColumn(c catalog.Column) error {
	if !protocol.ValidSlug(c.Slug) {
		return fault.Field("slug", "栏目代码只能用小写字母、数字和连字符，最多 40 个字符。")
	}
	if err := checkLine("name", "栏目名称", c.Name, maxColumnName); err != nil {
		return err
	}
	if c.Position < 0 || c.Position > 10_000 {
		return fault.Field("position", "排列次序要在 0 到 10000 之间。")
	}
	if len(c.Steps) == 0 || len(c.Steps) > maxSteps {
		return fault.Field("steps", fmt.Sprintf("审核步骤要有 1 到 %d 步。", maxSteps))
	}
	for i, step := range c.Steps {
		if err := checkLine("steps", fmt.Sprintf("第 %d 步的名称", i+1), step.Name, maxStepName); err != nil {
			return err
		}
		if r := account.Role(step.Role); r != account.RoleReviewer && r != account.RoleChief {
			return fault.Field("steps", fmt.Sprintf("第 %d 步只能由审核员或分管领导审核。", i+1))
		}
	}
	return nil
}
