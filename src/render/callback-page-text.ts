import type { Language } from "./language.ts";

/** The callback pages. */
export type PageKind =
  | "signed-in"
  | "denied"
  | "used"
  | "expired"
  | "ended"
  | "unsaved"
  | "unfinished"
  | "state"
  | "issuer"
  | "code"
  | "path"
  | "host"
  | "method"
  | "browser"
  | "user"
  | "twice";

interface PageText {
  title: string;
  /** What happened, in a sentence. */
  summary: string;
  /** What the user does now, step by step. */
  next: readonly string[];
}

interface PageTexts {
  /** The value of `lang` (BCP 47). */
  tag: string;
  failed: string;
  /** Names the host that gets the login, if it isn't OpenAI's. */
  foreign: (host: string) => string;
  nextHeading: string;
  detailsHeading: string;
  /** For pages about a sign-in that ended: their address stops working. */
  reloadAfterSuccess: string;
  reloadAfterFailure: string;
  /** For pages that changed no sign-in. */
  mayClose: string;
  pages: Readonly<Record<PageKind, PageText>>;
}

const again = "Go back to your editor or terminal and start the sign-in again.";
const stillWaits =
  "Go back to the tab of the sign-in that you began last: it still waits. Or sign in again from your editor or terminal.";
const backToEditor = "Go back to your editor or terminal.";

const en: PageTexts = {
  tag: "en",
  failed: "Sign-in failed",
  foreign: (host) => `Not OpenAI's own server: this login and each question go to ${host}.`,
  nextHeading: "What to do next",
  detailsHeading: "Details",
  reloadAfterSuccess: "After a reload the browser may find nothing here. That does no harm: you stay signed in.",
  reloadAfterFailure:
    "You can close this tab. After a reload the browser may find nothing here: each sign-in has its own page.",
  mayClose: "You can close this tab.",
  pages: {
    "signed-in": {
      title: "Signed in",
      summary: "codex-oauth may now ask Codex with your ChatGPT plan.",
      next: ["You can close this tab and go back to your editor or terminal."],
    },
    denied: {
      title: "The sign-in was refused",
      summary: "The sign-in page sent you back without an approval.",
      next: [again, "Approve the request with an account that may use Codex."],
    },
    used: {
      title: "The code of this sign-in was refused",
      summary: "A code works once, and only for a few minutes: this one was perhaps used before, or is too old.",
      next: [again, "Open the new link once, and approve within ten minutes."],
    },
    expired: {
      title: "The sign-in took too long",
      summary: "A sign-in waits ten minutes, and they were over.",
      next: [again],
    },
    ended: {
      title: "The sign-in was ended",
      summary: "It was cancelled, or a newer one took its place.",
      next: ["Go on in the tab of the newer sign-in, if there is one.", again],
    },
    unsaved: {
      title: "The login could not be saved",
      summary: "You approved the sign-in, but its file could not be written on this machine.",
      next: ["Correct the file or folder that is named below.", again],
    },
    unfinished: {
      title: "The sign-in could not be finished",
      summary: "You did your part, but the last step with the server did not work.",
      next: [
        "Wait a minute, and check the connection.",
        again,
        "If it happens again, run codex-oauth doctor in a terminal.",
      ],
    },
    state: {
      title: "This link belongs to another sign-in",
      summary: "State mismatch: it does not fit the sign-in that waits here, so it was not used.",
      next: [stillWaits],
    },
    issuer: {
      title: "This answer comes from elsewhere",
      summary: "Issuer mismatch: another server than the expected one sent it, so it was not used.",
      next: [stillWaits],
    },
    code: {
      title: "This address is not complete",
      summary: "The authorization code is missing, or is there twice, so nothing was done.",
      next: [stillWaits],
    },
    path: {
      title: "There is nothing here",
      summary: "This address is only for the end of a sign-in.",
      next: [backToEditor],
    },
    host: {
      title: "Not for this address",
      summary: "This page is only for the sign-in on this machine.",
      next: [backToEditor],
    },
    method: {
      title: "Not in this way",
      summary: "Only GET is answered here.",
      next: [backToEditor],
    },
    browser: {
      title: "This sign-in began in another browser",
      summary: "Only the browser that began it may end it, with a cookie. So the approval was not used.",
      next: ["Go back to your editor or terminal, and open the URL that it shows in this browser."],
    },
    user: {
      title: "This sign-in belongs to another user",
      summary: "Another user of this machine began it, and it still waits for that user.",
      next: [backToEditor],
    },
    twice: {
      title: "Another program opened this sign-in",
      summary: "It may belong to another user of this machine, so the sign-in was ended and nothing was saved.",
      next: [again],
    },
  },
};

const againZh = "回到编辑器或终端，重新开始登录。";
const stillWaitsZh = "回到你最近一次登录的标签页，它仍在等待；或者从编辑器或终端重新登录。";
const backToEditorZh = "回到编辑器或终端。";

const zh: PageTexts = {
  tag: "zh-Hans",
  failed: "登录失败",
  foreign: (host) => `不是 OpenAI 自己的服务器：此登录和每个问题都会发送到 ${host}。`,
  nextHeading: "接下来怎么做",
  detailsHeading: "详细信息",
  reloadAfterSuccess: "刷新后浏览器可能找不到此页面。没有关系，你仍处于登录状态。",
  reloadAfterFailure: "可以关闭此标签页。刷新后浏览器可能找不到此页面，因为每次登录都有自己的页面。",
  mayClose: "可以关闭此标签页。",
  pages: {
    "signed-in": {
      title: "登录成功",
      summary: "codex-oauth 现在可以用你的 ChatGPT 套餐向 Codex 提问。",
      next: ["可以关闭此标签页，回到编辑器或终端。"],
    },
    denied: {
      title: "登录被拒绝",
      summary: "登录页面没有给出授权就返回了。",
      next: [againZh, "用可以使用 Codex 的账户批准请求。"],
    },
    used: {
      title: "这次登录的授权码被拒绝",
      summary: "每个授权码只能用一次，且只在几分钟内有效：它可能已被使用，或已过期。",
      next: [againZh, "新的链接只打开一次，并在十分钟内批准。"],
    },
    expired: {
      title: "登录超时",
      summary: "登录最多等待十分钟，时间已过。",
      next: [againZh],
    },
    ended: {
      title: "登录已结束",
      summary: "它被取消了，或者被更新的一次登录取代。",
      next: ["如果有更新的登录，请在它的标签页中继续。", againZh],
    },
    unsaved: {
      title: "登录信息无法保存",
      summary: "你已批准登录，但本机上的登录文件无法写入。",
      next: ["按下面的提示修正文件或文件夹。", againZh],
    },
    unfinished: {
      title: "登录未能完成",
      summary: "你的操作没有问题，但与服务器的最后一步失败了。",
      next: ["稍等一分钟，并检查网络连接。", againZh, "如果再次失败，请在终端运行 codex-oauth doctor。"],
    },
    state: {
      title: "此链接属于另一次登录",
      summary: "state 不匹配：它与正在等待的登录不符，因此没有被使用。",
      next: [stillWaitsZh],
    },
    issuer: {
      title: "此响应来自别处",
      summary: "issuer 不匹配：它来自另一台服务器，因此没有被使用。",
      next: [stillWaitsZh],
    },
    code: {
      title: "此地址不完整",
      summary: "授权码缺失或重复，因此什么都没有做。",
      next: [stillWaitsZh],
    },
    path: { title: "这里没有内容", summary: "此地址只用于完成登录。", next: [backToEditorZh] },
    host: { title: "地址不正确", summary: "此页面只用于本机上的登录。", next: [backToEditorZh] },
    method: { title: "方式不正确", summary: "这里只接受 GET 请求。", next: [backToEditorZh] },
    browser: {
      title: "这次登录是在另一个浏览器中开始的",
      summary: "只有开始登录的浏览器凭 cookie 才能完成登录，因此这次授权没有被使用。",
      next: ["回到编辑器或终端，在此浏览器中打开那里显示的网址。"],
    },
    user: {
      title: "这次登录属于另一个用户",
      summary: "它由本机的另一个用户开始，仍在等待那个用户。",
      next: [backToEditorZh],
    },
    twice: {
      title: "另一个程序打开了这次登录",
      summary: "它可能属于本机的另一个用户，因此登录已结束，没有保存任何内容。",
      next: [againZh],
    },
  },
};

/** The texts of the pages, by language. */
export const pageTexts: Readonly<Record<Language, PageTexts>> = { en, zh };
