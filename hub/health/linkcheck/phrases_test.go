package linkcheck

import (
	"strings"
	"testing"
)

// t wraps a text in the frame of a site, whose menu and foot prove nothing.
func framed(title, body string) string {
	return "<!doctype html><html><head><meta charset=utf-8><title>" + title + "</title></head><body><div class=top><a href=/>首页</a> <a href=/>政务公开</a> <a href=/>办事服务</a></div>" + body +
		"<div class=footer>版权所有：某县人民政府 主办：某县人民政府办公室 承办：县大数据中心 黔ICP备12345678号-1 网站标识码：5206240001 联系电话：0856-1234567</div></body></html>"
}

// What pages say in place of their content, and living pages that sound like it.
func TestNotices(test *testing.T) {
	t := framed
	for _, group := range []struct {
		name  string
		pages []string
		want  string // reasons that will do
	}{
		{"not there", []string{
			t("404", "<h1>404</h1>"), t("404错误提示", "<p>您要查看的页面不存在或已删除！</p>"),
			t("某县人民政府", "<div class=tip>抱歉！您访问的页面已被删除</div>"),
			t("某县人民政府", "<p>很抱歉，您要访问的页面暂时找不到了</p>"),
			t("某县人民政府", "<p>您访问的页面不存在或已删除，3秒后跳转到首页</p>"),
			t("出错了", "<h2>抱歉，页面无法访问……</h2><p>可能因为：网址有错误；页面已过期或被删除</p>"),
			t("页面没有找到", "<p>没有找到您要的内容，请返回首页。</p>"),
			t("某县人民政府", "<p>啊哦，你所访问的页面不存在了</p>"),
			t("某县人民政府", "<h3>您请求的文件不存在!</h3>"),
			t("提示信息", "<p>该信息不存在或者已经被删除</p>"),
			t("系统提示", "<p>文章不存在</p><p>系统将在3秒后自动跳转</p>"),
			t("信息提示", "<p>对不起，该文章已被删除！</p>"),
			t("某县人民政府", "<p>404，您请求的文件不存在</p>"),
			t("某县人民政府", "<p>糟糕，页面丢失了！</p>"),
			t("某县人民政府", "<p>Sorry，您访问的页面不存在！</p>"),
			t("抱歉，站点已改版", "<p>您查找的页面不存在，请从首页进入</p>"),
			t("某县人民政府", "<p>对不起，您查看的网页不存在，可能已经被移动或删除。</p>"),
			t("某县人民政府", "<p>您所查找的内容不存在或已下线</p>"),
			t("某县人民政府", "<p>该页无法显示</p>"), t("无法找到该页", "<h1>无法找到该页</h1><p>您正在搜索的页面可能已经删除、更名或暂时不可用。</p>"),
			t("找不到页面", "<p>找不到页面</p>"), t("页面找不到了", "<p>页面找不到了</p>"), t("Page Not Found", "<p>x</p>"),
			t("404 - File or directory not found.", "<h2>404 - File or directory not found.</h2><h3>The resource you are looking for might have been removed, had its name changed, or is temporarily unavailable.</h3>"),
			t("County", "<p>Sorry, the page you requested could not be found.</p>"),
			t("County", "<h1>Oops! That page can&rsquo;t be found.</h1><p>It looks like nothing was found at this location. Maybe try a search?</p>"),
			t("Page not found – My Site", "<h1>Page not found</h1>"), t("Not Found", "<h1>Not Found</h1><p>The requested URL /x was not found on this server.</p>"),
			t("Object not found!", "<h1>Object not found!</h1><p>The requested URL was not found on this server. If you entered the URL manually please check your spelling and try again.</p><h2>Error 404</h2>"),
			t("The resource cannot be found.", "<h1>Server Error in '/' Application.</h1><h2><i>The resource cannot be found.</i></h2>"),
			t("HTTP Status 404 – Not Found", "<h1>HTTP Status 404 – Not Found</h1><p><b>Message</b> /x.jsp</p><p><b>Description</b> The origin server did not find a current representation for the target resource</p><h3>Apache Tomcat/8.5</h3>"),
			t("Whitelabel", "<h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p><div>There was an unexpected error (type=Not Found, status=404).</div><div>No message available</div>"),
			t("Error", "<h1>Error 404</h1><p>We're sorry, the page you were looking for isn't here.</p>"),
			t("某县人民政府门户网站", "<div><h1>4<span>0</span>4</h1><p>非常抱歉，您访问的页面不存在或已删除</p></div>"),
			t("栏目不存在", "<p>栏目不存在</p>"), t("某县人民政府", "<p>您访问的栏目不存在！</p>"), t("某县人民政府", "<p>您要浏览的网页可能已被删除，重命名或暂时不可用。</p>"),
			t("某县人民政府", "<p>此内容已被发布者删除</p>"), t("该内容已被删除", "<p>该内容已被发布者删除</p>"),
			t("某县人民政府", "<p>页面走丢了，去首页看看吧~</p>"), t("某县人民政府", "<p>您访问的页面飞到火星去了~</p>"), t("某县人民政府", "<p>哎呀，页面出错啦！</p><p>您访问的页面不存在</p>"),
			t("某县人民政府", "<p>参数错误</p>"), t("某县人民政府", "<p>非法参数！</p>"), t("系统提示", "<p>参数错误，没有找到相关记录</p>"),
			t("某縣人民政府", "<p>抱歉，您訪問的頁面不存在</p>"), t("找不到網頁", "<p>找不到網頁</p>"), t("某縣政府", "<h2>很抱歉，您所要瀏覽的網頁不存在或已被刪除</h2>"),
			"<script>alert('您访问的页面不存在');window.location='/';</script>", "<script type='text/javascript'>alert(\"文章不存在或已删除\");window.history.back(-1);</script>",
			"<html><head><meta http-equiv=refresh content='10;url=/'><title>提示</title></head><body>您访问的页面不存在，10秒后返回首页</body></html>",
			"404", "404 Not Found", "File not found.", "文件不存在", "No input file specified.", "页面不存在", "Not Found",
			t("很抱歉,系统未能找到您所需的页面", "<p>返回首页</p>"), t("某县人民政府", "<p>您所请求的网址（URL）无法获取</p>"),
			t("404 页面 | 某县", "<img src=/404.png alt='404页面'><p>返回首页</p>"),
			t("某县人民政府", "<div><img src=/404.jpg alt='您访问的页面不存在'></div><a href=/>返回首页</a>"),
			t("error", "<h1>出错啦</h1><p>您访问的页面找不到了！</p><p>你可以：1.检查网址 2.返回首页 3.联系管理员</p>"),
			t("某县人民政府", "<p>信息已过期或不存在。</p>"), t("某县人民政府", "<p>该稿件不存在或已撤销</p>"), t("某县人民政府", "<p>您查看的文章不存在或未通过审核</p>"),
			t("某县人民政府", "<p>没有您要的信息</p>"), t("错误提示", "<p>没有此条信息</p>"), t("某县人民政府", "<p>数据不存在或已被删除</p>"),
			t("错误", "<p>无此信息</p>"), t("提示", "<p>ID错误或信息已删除</p>"), t("某县人民政府", "<p>该页面不存在，请检查您输入的网址是否正确，或点击以下链接继续浏览</p>"),
			t("404 ERROR", "<p>抱歉，找不到您要的页面……</p><p>最可能的原因是：在地址中可能存在键入错误。当您点击某个链接时，它可能已过期。</p>"),
			t("Page removed", "<p>This page has been removed.</p>"), t("Gone", "<h1>410 Gone</h1><p>The requested resource is no longer available.</p>"),
			t("County News", "<h1>We can't find the page you're looking for</h1><p>It may have moved or been deleted.</p>"),
			t("County", "<h1>This page doesn't exist</h1>"), t("County", "<p>The requested page does not exist.</p>"), t("404 | County", "<p>Nothing here</p>"),
			t("某县人民政府", "<h2>该页面尚未发布</h2>"), t("HTTP 错误 404.0 - Not Found", "<h2>HTTP 错误 404.0 - Not Found</h2>"), t("County", "<h1>Object not found!</h1>"),
			t("某县人民政府", "<h2>出错了！您访问的信息已被撤稿</h2>"), t("某县人民政府", "<h2>暂无权限或内容不存在</h2>"), t("某縣人民政府", "<h2>該頁面不存在</h2>"),
			t("某县人民政府", "<h2>您好，您访问的页面跑到火星去了</h2>"), t("某县人民政府", "<h2>此页面已经不存在，请访问其他页面</h2>"), t("某县人民政府", "<p>非法访问，该信息未发布</p>"),
			t("提示信息", "<p>您所访问的文章未审核或已删除</p>"), t("某县", "<p>没有查询到该条信息</p>"), t("某县", "<p>您访问的内容已归档或删除</p>"), t("某县", "<p>该信息已过保留期</p>"),
			t("抱歉", "<p>您要找的页面不见啦</p>"), t("某县", "<p>您要查看的页面地址有误</p>"), t("404错误页", "<p>网页君离家出走了</p>"), t("无法找到", "<p>系统无法找到指定的路径</p>"),
			t("某县", "<p>栏目已关闭或不存在</p>"), t("某县", "<p>该文档不存在或者已经被管理员删除！</p>"), t("提示信息", "<p>文档ID错误，或者该文档已删除</p>"), t("某县", "<p>网址有误，您要访问的页面没有找到</p>"),
			t("某县", "<p>该页面已迁移，请更新书签</p>"), t("某县", "<p>链接地址已失效或不存在</p>"), t("某县", "<p>查无此文</p>"), t("某县", "<p>查无此页！</p>"),
			t("Document Not Found", "<p>x</p>"), t("无标题文档", "<p>对不起，找不到您请求的页面</p>"), t("您的访问出错了", "<p>您要访问的页面不存在</p>"),
		}, "soft_404 error_page"},
		{"walls", []string{
			"<html><head><script>document.cookie=('_')+('_')+('j')+('s')+('l')+('_')+('c')+('l')+('e')+('a')+'=1'+';max-age=3600;path=/';location.href=location.pathname+location.search</script></head></html>",
			"<html><head><meta http-equiv='Content-Type' content='text/html;charset=utf-8'><meta id='9DhefwqGPrzGxEp9hPaoag' content='{qqqq' r='m'><!--[if lt IE 9]><script r='m'>document.createElement('section')</script><![endif]--><script type='text/javascript' charset='iso-8859-1' src='/4QbVtADbnLVIc/c.FxJzG50F.js' r='m'></script><script type='text/javascript' r='m'>(function(){var _$x=1;$_ts=window['$_ts'];if(!$_ts)$_ts={};})();</script></head><body></body></html>",
			"<html><script>var arg1='0A1B2C';eval(function(p,a,c,k,e,d){});function setCookie(n,v){document.cookie=n+'='+v;document.location.reload()}</script></html>",
			"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 123456789<br><br><a href='javascript:history.back();'>[Go Back]</a></body></html>",
			"<html><head><META NAME='robots' CONTENT='noindex,nofollow'></head><body><iframe src='/_Incapsula_Resource?CWUDNSAI=9' frameborder=0 width='100%'>Request unsuccessful. Incapsula incident ID: 100</iframe></body></html>",
			"<title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>", "<title>Just a moment...</title><h2>Checking if the site connection is secure</h2>",
			"<title>访问验证</title><p>请拖动滑块完成验证</p>", "<title>安全验证</title><p>请输入验证码</p><input>", "<title>滑动验证页面</title><div id=nc></div>", "<title>人机身份验证</title><p>点击按钮进行验证</p>",
			"<title>网站访问被拦截</title><p>当前访问疑似黑客攻击，已被网站管理员设置为拦截！</p>", "<title>405</title><p>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</p>",
			"<title>访问拦截</title><p>您的访问过于频繁，请稍后再试</p>", "<p>您的访问频率过快，请稍后再试！</p>", "<title>Pardon Our Interruption</title><p>As you were browsing something about your browser made us think you were a bot.</p>",
			"<title>DDoS-Guard</title><p>Checking your browser before accessing</p>", "<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access this on this server. Reference #18.2</p>",
			"<title>请完成安全验证后继续访问</title>", "<p>当前访问人数过多，请稍后再试</p>", "<p>您的请求带有不合法参数，已被网站管理员设置拦截！</p>",
			"<p>请完成验证</p>", "<p>IP被封禁，请联系管理员</p>", "<p>境外IP禁止访问</p>",
			"<title>百度安全验证</title><div></div>", "<title>验证码</title><img src=/captcha.jpg><input name=captcha>", "<html><body><script>document.cookie='x=1;path=/';window.location.reload();</script></body></html>",
			"<title>Human Verification</title><script src=/captcha.js></script>", "<title>One moment, please...</title><p>Please wait while your request is being verified...</p>", "<title>网站防护系统</title><p>您的请求已被拦截</p>", "<title>Robot Check</title><p>Enter the characters you see below</p>",
			"<title>网防G01</title><p>您的访问请求可能存在威胁，已被拦截</p>", "<html><head><title>loading</title></head><body onload='challenge()'><script>function challenge(){document.cookie='__test='+toHex(slowAES.decrypt(c,2,a,b));location.href='/?i=1';}</script></body></html>",
		}, "bot_wall login"},
		{"other", []string{
			t("网站维护中", "<p>网站正在维护中，请稍后访问</p>"), t("系统维护", "<h1>系统维护中...</h1>"), "<title>维护</title><p>网站升级改造中，暂停访问，给您带来不便敬请谅解</p>", t("Site under maintenance", "<p>We'll be back soon!</p>"),
			"<title>IIS7</title><img src=welcome.png>", "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>", "<title>没有找到站点</title><p>您的请求在Web服务器中没有找到对应的站点！</p>", "<title>Apache2 Ubuntu Default Page: It works</title><p>It works!</p>", "<html><body><h1>It works!</h1></body></html>",
			"<p>系统繁忙，请稍后再试</p>", "<p>系统异常</p>", "<p>当前网络异常，请稍后重试</p>", "<title>运行时错误</title><h1>“/”应用程序中的服务器错误。</h1>", `<p>{"timestamp":"2026-11-01","status":404,"error":"Not Found","path":"/x"}</p>`,
			"<b>Warning</b>: mysql_connect(): Access denied for user in <b>/www/conn.php</b> on line <b>5</b><br>",
			"<title>恭喜，站点创建成功！</title>", "<title>站点已暂停</title>", "<p>Fatal error: Allowed memory size of 134217728 bytes exhausted in /www/x.php on line 12</p>", "<b>Parse error</b>: syntax error, unexpected in <b>/x.php</b> on line <b>3</b>",
			"Microsoft OLE DB Provider for SQL Server 错误 '80004005'<br>[DBNETLIB][ConnectionOpen]", "ADODB.Recordset 错误 '800a0bcd'", "<h1>HTTP Status 500 - </h1>", "<title>Server Error</title><h1>500 Internal Server Error</h1>", "<p>Error establishing a database connection</p>",
			"java.sql.SQLException: ORA-00942", "<pre>Traceback (most recent call last):\n File x</pre>", "<title>系统发生错误</title><h1>系统发生错误</h1><p>SQLSTATE[HY000]</p>", "<title>数据库连接错误</title>", "<p>502 Bad Gateway</p>", "<title>出错了</title><p>服务器内部错误</p>",
			"<title>abc.com 域名出售</title><p>该域名可出售</p>", "<title>example.com - domain for sale</title><p>This domain is for sale!</p>", "<title>域名已过期</title><p>您访问的域名已过期</p>", "<title>此网站暂时无法访问</title><p>该网站未根据工信部规定备案</p>",
		}, "maintenance placeholder error_page parked"},
		{"living", []string{
			t("关于部分网页无法访问的说明", "<h1>关于部分网页无法访问的说明</h1><p>因线路故障，11月3日部分网页不存在访问结果，现已恢复。</p>"),
			t("网站404页面设计大赛启动", "<h1>网站404页面设计大赛启动</h1><p>我县举办404页面设计大赛。</p>"),
			t("404国道恢复通行", "<h1>404国道恢复通行</h1><p>经抢修，404国道恢复通行。</p>"),
			t("404路公交调整", "<p>404路公交线路调整。</p>"), t("404", "<h1>404号文件</h1><p>某县政发404号，关于加强防火工作。各乡镇要高度重视。</p>"+strings.Repeat("<p>各乡镇人民政府要高度重视春季森林防火工作，落实责任，强化巡查，严管火源，确保安全。</p>", 15)),
			t("寻人启事", "<p>老人走失，至今没有找到，请知情者联系。</p>"), t("孤儿寻亲", "<p>失踪了</p>"),
			t("通知", "<p>明天停电。</p>"), t("公示", "<p>经研究，拟录用张三。</p>"), t("联系我们", "<p>电话：0856-1234567</p>"),
			t("机构职能", "<p>负责全县林业。</p>"), t("关于废止部分文件的通知", "<p>以下文件已失效，不再执行。</p>"), t("该文件已废止", "<h1>某县政府文件</h1><p>该文件已废止。</p><p>"+strings.Repeat("第一条 为了规范管理，制定本办法。", 30)+"</p>"),
			t("图片新闻", "<img src=/ok.png><p>春耕</p>"), t("图", "<img src=/ok.png>"), "<img src=/ok.png>", "<div><video src=/ok.mp4></video></div>",
			"<frameset cols='20%,80%'><frame src=/ok1.html><frame src=/ok2.html><noframes>您的浏览器不支持框架</noframes></frameset>",
			"<html><body><iframe src=/ok1.html></iframe></body></html>", "<html><body><object data=/ok.pdf type=application/pdf></object></body></html>", "<html><body><embed src=/ok.swf></body></html>",
			"<!doctype html><html><head><title>办事大厅</title></head><body><div id=app></div><script src=/ok.js></script></body></html>",
			"<!doctype html><html><head><title></title></head><body><noscript>We're sorry but app doesn't work properly without JavaScript enabled. Please enable it to continue.</noscript><div id=app></div><script src=/ok.js></script></body></html>",
			"<html><body><div id=root></div><script>window.__DATA__={}</script></body></html>", "<html><body><svg width=10 height=10><circle r=5 /></svg></body></html>", "<canvas id=c></canvas><script>draw()</script>",
			t("搜索", "<form action=/s><input name=q><input type=submit></form><p>没有找到相关结果</p>"),
			t("通知公告", "<p>暂无内容</p>"), t("通知公告", "<ul></ul><p>共0条</p>"), t("信箱", "<p>您的来信已收到</p>"), t("失物招领", "<p>钱包一个，失主请来认领</p>"),
			t("关于“页面不存在”问题的回复", "<h1>关于“页面不存在”问题的回复</h1><p>您好，您反映的问题已整改。</p>"),
			t("网民留言：网站打不开", "<h2>网民留言：网站打不开，提示404</h2><p>回复：感谢监督，已修复。</p>"),

			t("HTTP状态码大全", "<h1>HTTP状态码大全</h1><ul><li>404 Not Found</li><li>500 Internal Server Error</li><li>403 Forbidden</li></ul><p>"+strings.Repeat("状态码是服务器告诉客户端的处理结果。", 40)+"</p>"),
			t("办件查询", "<p>请输入办件编号</p><input name=id>"), t("登录", "<form><input type=password></form>"), t("某县人民政府", "<h1>系统维护公告</h1><p>发布时间：2026-11-01</p><p>本网站将于11月5日维护。</p>"),
			t("网站维护通知", "<h1>关于网站停机维护的通知</h1><p>来源：县大数据中心</p><p>我县政府网站将于本周六停机维护，届时无法访问，敬请谅解。</p>"),
			t("验证码使用说明", "<h1>验证码使用说明</h1><p>为了安全，请完成验证。</p><p>"+strings.Repeat("办事群众在登录时需要输入验证码，看不清可以换一张。", 20)+"</p>"),
			t("域名转让管理办法", "<h1>域名转让管理办法</h1><p>该域名转让须经批准。</p>"), t("土地出让公告", "<p>该地块出让。</p>"), t("房屋出售信息", "<p>房屋待售</p>"),
			t("错误更正", "<h1>更正公告</h1><p>系统错误，特此更正。</p>"), t("服务器采购公告", "<h1>服务器采购公告</h1><p>采购服务器10台。</p>"),
			"<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><head><title>旧</title></head><body><p>短</p></body></html>",
			"短文", "你好", "ok", "1", "今天是星期一", "<b>正文</b>", "<table><tr><td>1</td></tr></table>", "<script src=/ok.js></script>",
			t("会议", "<p>会议取消。</p>"), t("Not found in translation", "<h1>Lost in translation</h1><p>A novel.</p>"), t("Lost and found", "<p>Keys were found.</p>"), t("The page", "<p>Page 404 of the yearbook is about roads.</p>"),
			t("Error analysis", "<h1>Error analysis of survey data</h1><p>Short note.</p>"), t("Maintenance of roads", "<h1>Road maintenance</h1><p>Under maintenance: road 12.</p>"),
			t("道路维护中", "<h1>县道X404线维护中</h1><p>请绕行。</p>"), t("某县人民政府", "<p>项目已下架商品召回公告</p><p>问题产品已下架。</p>"), t("某县", "<p>该企业已被注销</p>"), t("法人失联公示", "<p>以下企业查无下落，通过登记的住所无法联系。</p>"),
			t("行政处罚", "<h1>行政处罚信息</h1><p>违法信息不存在异议的，七日后执行。</p>"), t("结果公示", "<p>经核查，反映的问题不存在。</p>"), t("回复", "<p>您反映的情况不存在。</p>"), t("举报核查", "<p>举报内容不属实，问题不存在。</p>"),
			t("查询结果", "<p>没有找到</p>"), t("某县", "<p>文件已失效</p>"), t("档案查询", "<p>资料丢失补办流程</p>"), t("网上信访", "<p>信息已提交</p>"),
			t("空", "<p>&nbsp;</p><ul><li><a href=/>甲</a></li></ul>"), t("网站地图", "<ul>"+strings.Repeat("<li><a href=/>栏目</a></li>", 40)+"</ul>"),
			"<title>跳转中</title><script>location.href='/ok1.html'</script>", "<meta http-equiv=refresh content='0;url=/ok1.html'>", "<body onload=\"location='/ok1.html'\"></body>",
			t("安全验证服务介绍", "<h1>安全验证服务介绍</h1><p>电子签章安全验证服务由县里统一提供。</p>"), t("访问受限空间作业", "<p>有限空间作业受限。</p>"),
			"<b>Warning</b>: Undefined index in <b>/www/show.php</b> on line <b>5</b><br>" + goodPage("通知"), t("系统异常处置办法", "<h1>系统异常处置办法</h1><p>略。</p>"),
			t("网站改版公告", "<h1>网站改版公告</h1><p>本网站将于12月1日改版。</p>"), t("档案", "<p>该文件已归档</p>"), t("地名", "<p>地址有误的请到窗口更正。</p>"), t("某县", "<p>网络异常情况通报</p>"),
			t("来信", "<p>信息有误</p>"), t("信访件", "<p>信息已归档</p>"),
			t("正在建设的高速公路", "<h1>正在建设</h1><p>高速公路正在建设中。</p>"), t("重点项目", "<p>项目正在建设中</p>"),
		}, ""},
	} {
		for _, body := range group.pages {
			f := factsOf("text/html", []byte(body))
			got := string(f.notice(false))
			if got == "" && group.want == "" {
				continue
			}
			if got == "" || !strings.Contains(group.want, got) {
				test.Errorf("%s: got %q, want %q\n%s", group.name, got, group.want, body)
			}
		}
	}
}
