package web

import (
	"net/http"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
)

type peoplePage struct {
	ui.Page
	People   []colleague
	Me       string // login of the one who looks
	Form     queue.Account
	Roles    []ui.Option
	Villages []ui.Option
	Login    string // of the account whose password is shown
	Password string // one-time password; shown once
	Others   Certificate
}

// colleague is an account of the list.
type colleague struct {
	queue.Account
	VillageName string
}

func (s *Server) newPeoplePage(r *http.Request, a queue.Account) (*peoplePage, error) {
	ctx, lang := r.Context(), s.pages.Lang(r)
	list, err := s.Queue.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := s.Queue.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p := &peoplePage{Me: a.Login, Form: queue.Account{Role: account.RoleVillage}, Villages: villageOptions(settings, ui.T(lang, "请选择")), Others: s.Certificate()}
	p.Title = ui.T(lang, "人员")
	p.Lead = ui.T(lang, "能在本机写信息的人。村信息员只看得到本村的信息，写好后由镇里签发。")
	for _, role := range []account.Role{account.RoleVillage, account.RoleLiaison} {
		p.Roles = append(p.Roles, ui.Option{Value: string(role), Label: ui.T(lang, role.Name())})
	}
	for i := range list {
		one := colleague{Account: list[i]}
		if one.Village != "" {
			one.VillageName = villageName(settings, one.Village)
		}
		p.People = append(p.People, one)
	}
	return p, nil
}

func (s *Server) peoplePage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	p, err := s.newPeoplePage(r, a)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "people", p)
}

// addPerson makes an account with a one-time password, which is shown once.
func (s *Server) addPerson(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	form := queue.Account{Login: r.PostFormValue("login"), Name: decode(r.PostFormValue("name")),
		Role: account.Role(r.PostFormValue("role")), Village: r.PostFormValue("village")}
	password := account.GeneratePassword()
	added, err := s.Queue.AddAccount(r.Context(), form, password, true)
	return s.showPassword(w, r, a, form, added.Login, password, err)
}

// showPassword shows the list with a new password, or with what stood in the way.
func (s *Server) showPassword(w http.ResponseWriter, r *http.Request, a queue.Account, form queue.Account, login, password string, err error) error {
	p, pageErr := s.newPeoplePage(r, a)
	if pageErr != nil {
		return pageErr
	}
	if err != nil {
		p.Form = form
		return s.again(w, r, "people", p, &p.Page, err)
	}
	p.Login, p.Password = login, password
	return s.pages.Render(w, r, http.StatusOK, "people", p)
}

func (s *Server) changePerson(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx, login := r.Context(), r.PathValue("login")
	if login == a.Login {
		// Whoever locks himself out needs somebody at the command line.
		return fault.New(fault.Conflict, "不能停用或重置自己的账号。要改密码请点右上角的姓名。")
	}
	person, err := s.Queue.AccountByLogin(ctx, login)
	if err != nil {
		return err
	}
	if ask := s.askPerson(r, person); ask != nil && r.PostFormValue("sure") == "" {
		return s.pages.Confirm(w, r, ask)
	}
	switch r.PathValue("act") {
	case "disable":
		if err := s.Queue.SetDisabled(ctx, login, true); err != nil {
			return err
		}
		return s.done(w, r, "账号已停用，已退出登录。", "/people")
	case "enable":
		if err := s.Queue.SetDisabled(ctx, login, false); err != nil {
			return err
		}
		return s.done(w, r, "账号已启用。", "/people")
	case "second-off":
		if err := s.Queue.DropSecond(ctx, login); err != nil {
			return err
		}
		s.Log.InfoContext(ctx, "second factor reset", "account", person.ID, "by", a.ID)
		return s.done(w, r, "二次验证已重置。", personURL(person))
	case "signout":
		if err := s.Queue.SignOutEverywhere(ctx, login); err != nil {
			return err
		}
		s.Log.InfoContext(ctx, "signed out everywhere", "account", person.ID, "by", a.ID)
		return s.done(w, r, "这个账号的登录都已退出。", personURL(person))
	case "reset":
		password := account.GeneratePassword()
		err := s.Queue.SetPassword(ctx, login, password, true, a.Login, web.ByAddress(r))
		return s.showPassword(w, r, a, queue.Account{Role: account.RoleVillage}, login, password, err)
	}
	return errNotFound
}

// askPerson asks once before an act that ends what somebody is doing; nil for
// the others.
func (s *Server) askPerson(r *http.Request, a queue.Account) *ui.Confirm {
	lang := s.pages.Lang(r)
	c := &ui.Confirm{Thing: a.Name + " · " + a.Login, Back: "/people", Hidden: map[string]string{"sure": "1"}}
	switch r.PathValue("act") {
	case "disable":
		c.Title, c.Action, c.Danger = ui.T(lang, "停用这个账号？"), ui.T(lang, "停用"), true
		c.Text = ui.T(lang, "停用后立即退出登录，不能再登录。写过的信息不受影响，以后可以再启用。")
	case "second-off":
		c.Title, c.Action, c.Back = ui.T(lang, "重置二次验证？"), ui.T(lang, "重置"), personURL(a)
		c.Text = ui.T(lang, "请先核实是本人。重置后只用密码就能登录，已登录的地方都会退出；规定要有二次验证的，登录后先重新设置。")
	case "reset":
		c.Title, c.Action = ui.T(lang, "重置这个账号的密码？"), ui.T(lang, "重置密码")
		c.Text = ui.T(lang, "原来的密码立即失效，已登录的地方都会退出。新的一次性密码只显示一次。")
	default:
		return nil
	}
	return c
}
