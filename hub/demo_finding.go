package main

import (
	"context"
	"strings"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// watchFindings answers two of the dead links once the townships have been told
// of them: one page is put back, one is disputed. The others are left for whoever
// looks at the demonstration.
func (d *demo) watchFindings(ctx context.Context) error {
	if d.o.empty {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for told := false; ; {
		found, err := d.answerFindings(ctx)
		if err != nil {
			return err
		}
		if found && !told {
			told = true
			d.progress("死链提醒已经下发到乡镇，请看各节点的“问题提醒”页。")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// answerFindings does what is due now and reports whether any township has been
// told of a finding.
func (d *demo) answerFindings(ctx context.Context) (found bool, err error) {
	for _, n := range d.nodes {
		q := n.station.Queue
		list, _, err := q.Findings(ctx, n.liaison, queue.FindingFilter{}, "", 50)
		if err != nil {
			return found, err
		}
		for _, f := range list {
			found = true
			site, path := d.faulty(f.Target)
			if site == nil || f.Answer != nil {
				continue
			}
			var answer, note string
			switch {
			case site == d.sites[0] && path == site.Faulty[1]:
				site.Repair(path)
				d.book.Repaired = append(d.book.Repaired, path)
				if err := d.book.save(); err != nil {
					return found, err
				}
				answer, note = protocol.AnswerFixed, "文件已重新上传。"
			case site == d.sites[1] && path == site.Faulty[0]:
				answer, note = protocol.AnswerDisputed, "该页面随旧版网站整体下线，列表页正在清理，请予核减。"
			default:
				continue
			}
			if err := q.AnswerFinding(ctx, n.liaison, f.ID, answer, note); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// faulty returns the site a dead address belongs to, and its path there.
func (d *demo) faulty(address string) (*demoSite, string) {
	for _, s := range d.sites {
		for _, path := range s.Faulty {
			if address == strings.TrimSuffix(s.url, "/")+path {
				return s, path
			}
		}
	}
	return nil, ""
}
