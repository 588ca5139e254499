package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/backup"
	"zhanqun/internal/blob"
	"zhanqun/internal/ca"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

func backupCommand() command {
	return command{
		Name: "backup", Args: "文件", Min: 1, Max: 1, Lists: true,
		Short:   "把整个县级平台备份到一个文件：数据、附件和密钥；serve 运行时也可以做",
		Example: "hub backup /backup/hub-2026-11-03.tar.zst\nhub backup hub.tar.zst --config /etc/zhanqun/hub.toml",
		Run: func(ctx context.Context, c *call) (err error) {
			if _, err := os.Stat(filepath.Join(c.Cfg.Dir, seedName)); err != nil {
				return fault.Wrap(fault.NotFound, "数据目录 "+c.Cfg.Dir+" 里没有县级平台的数据。请用 --config 指定设置文件。", err)
			}
			authority, err := os.ReadFile(filepath.Join(c.Cfg.Dir, ca.KeyName))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fault.Wrap(fault.Internal, "读不了自建证书，请检查权限："+err.Error(), err)
			}
			s, err := openStore(ctx, c.Cfg, c.Log)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			files, err := blob.Open(filepath.Join(c.Cfg.Dir, filesName))
			if err != nil {
				return fmt.Errorf("打不开附件目录：%w", err)
			}
			defer func() { err = errors.Join(err, files.Close()) }()
			report, err := backup.Write(ctx, backup.Source{
				Store: s, Files: files, CA: authority, Program: "zhanqun-hub/" + version, Progress: cli.Progress(c.Err, "已备份"),
			}, c.Args[0])
			if err != nil {
				return err
			}
			return sayBackup(c, report)
		},
	}
}

// sayBackup tells what was kept. Files that are lost on the disk are a failure:
// whoever runs backups by the clock must hear of them.
func sayBackup(c *call, r backup.Report) error {
	var err error
	if c.JSON {
		err = cli.WriteJSON(c.Out, r)
	} else {
		_, err = fmt.Fprintf(c.Out, "已备份到 %s：%d 行数据，%d 个附件，共 %s；已重新读出核对。\n这个文件里有密钥和账号，请像钥匙一样保管，并另存到别的机器上。\n",
			c.Args[0], total(r.Rows), r.Files, cli.Size(r.Bytes))
	}
	if err == nil && r.Lost > 0 {
		err = fault.New(fault.Internal, fmt.Sprintf("备份已写好，但有 %d 个附件在磁盘上丢失或损坏，没能备份：%s。恢复以后，乡镇会重新报送它们。", r.Lost, strings.Join(r.Missing, " ")))
	}
	return err
}

func restoreCommand() command {
	return command{
		Name: "restore", Args: "文件", Min: 1, Max: 1, Lists: true,
		Short:   "用备份恢复县级平台，只能写入空的数据目录和空的数据库",
		Example: "hub restore /backup/hub-2026-11-03.tar.zst\nhub restore hub.tar.zst --config /etc/zhanqun/hub.toml",
		Run: func(ctx context.Context, c *call) error {
			report, err := backup.Restore(ctx, c.Args[0], backup.Target{
				Dir: c.Cfg.Dir, Database: c.Cfg.Database.URL.Reveal(), Seed: seedName, CA: ca.KeyName, Files: filesName,
				Actor: access.Local(c.User).Login, Log: c.Log, Progress: cli.Progress(c.Err, "已恢复"),
			})
			if err != nil {
				return err
			}
			if c.JSON {
				return cli.WriteJSON(c.Out, report)
			}
			_, err = fmt.Fprintf(c.Out, `已恢复到 %s：%d 行数据，%d 个附件，是 %s 的备份。
接下来：
1. 运行 hub serve。乡镇连上以后会自动交回备份之后报送的信息和收到的审核结果，用 hub doctor 看进度和没能恢复的内容。
2. 备份之后停用的账号、吊销的节点和作废的令牌又生效了，请重新处理；备份之后新入网的节点要重新入网。
3. 旧的县级平台不要再启动。
`, c.Cfg.Dir, total(report.Rows), report.Files, cli.When(report.At))
			return err
		},
	}
}

func total(rows map[string]int64) int64 {
	n := int64(0)
	for _, r := range rows {
		n += r
	}
	return n
}
