package main

import (
	"io"
	"log/slog"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/internal/cli"
)

type (
	command = cli.Command[config.Hub]
	call    = cli.Call[config.Hub]
)

// program is everything the command line can ask for, in the order the usage
// shows it.
func program() *cli.Program[config.Hub] {
	return &cli.Program[config.Hub]{
		Name:    "hub",
		About:   "hub 是县级平台程序：接收乡镇报送的信息，供县里审核，发布采用的内容。",
		Version: version,
		Load:    config.LoadHub,
		Logger:  func(cfg config.Hub, w io.Writer) *slog.Logger { return cfg.Log.Logger(w) },
		Commands: []command{
			serveCommand(), demoCommand(), migrateCommand(),
			userAddCommand(), userListCommand(), userDisableCommand(), userPasswdCommand(), userSecondOffCommand(),
			tokenCreateCommand(),
			unitImportCommand(), siteImportCommand(), siteColumnsCommand(),
			nodeInviteCommand(), nodeListCommand(), nodeApproveCommand(), nodeRefuseCommand(), nodeReleaseCommand(), nodeRotateCommand(), nodeRevokeCommand(),
			keyListCommand(), keyRotateCommand(),
			natsSeedCommand(), natsConfCommand(), natsCertCommand(),
			auditVerifyCommand(), auditExportCommand(),
			bundleImportCommand(), bundleExportCommand(), bundleShowCommand(),
			backupCommand(), restoreCommand(),
			checkCommand(), doctorCommand(),
		},
	}
}

// actor is who gives the command.
func actor(c *call) access.User { return access.Local(c.User) }
