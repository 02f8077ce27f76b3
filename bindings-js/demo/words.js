// The page's own words in its languages. What belongs to the bundle (labels, reasons) comes from the bundle.

const WORDS = {
  en: {
    language: "English",
    title: "Credit pre-check",
    subtitle: "See how a card application would be scored, before you apply",
    privacy: "Computed in this page. Nothing that you enter leaves it.",
    requests: (count) => `${count} requests since it loaded`,
    examples: "Try",
    month: "Month",
    months: ["Latest", "1 mo. ago", "2 mo. ago", "3 mo. ago", "4 mo. ago", "5 mo. ago"],
    points: "points",
    grade: "Grade",
    pd: "Default risk",
    outcomes: {
      approve: "Likely approved",
      review: "A person decides",
      decline: "Likely declined",
      refuse: "Not scored",
    },
    notes: {
      approve: "No rule stands against it.",
      review: "Some details need a closer look.",
      decline: "A rule of the lender stands against it.",
      refuse: "Some details are missing or cannot be right.",
    },
    rules: "Rules that applied",
    checked: (count, fired) => `${count} rules checked, ${fired === 0 ? "none" : fired} applied.`,
    reasons: "What raised the risk",
    reasonsNote: "Exact contributions to the model's log-odds, largest first.",
    noReasons: "Nothing in these details raised the risk above the average.",
    latency: "One score takes",
    digests: "Receipt",
    module: "Module",
    bundle: "Bundle",
    input: "Input, salted",
    receipt:
      "With these digests anyone who has the module and the bundle can replay the decision bit for bit.",
    fine: "A demonstration on public data. The score is yours: a lender recomputes it on its own server before it decides.",
    issues: {
      missing: "is missing",
      out_of_range: "is out of range",
      unknown_value: "has an unknown value",
      wrong_type: "is not a number",
      unknown_field: "is not an input",
      not_finite: "is not a finite number",
    },
    failed: "The page could not score",
    loading: "Loading the scorer",
  },
  zh: {
    language: "中文",
    title: "信用预审",
    subtitle: "申请之前，先了解信用卡申请会得到怎样的评分",
    privacy: "全部在本页内计算，您填写的内容不会离开本页。",
    requests: (count) => `加载后网络请求 ${count} 次`,
    examples: "示例",
    month: "月份",
    months: ["最近", "前 1 月", "前 2 月", "前 3 月", "前 4 月", "前 5 月"],
    points: "分",
    grade: "等级",
    pd: "违约概率",
    outcomes: { approve: "可能通过", review: "需人工审核", decline: "可能拒绝", refuse: "未评分" },
    notes: {
      approve: "没有规则反对。",
      review: "部分信息需要进一步核实。",
      decline: "触发了贷方的拒绝规则。",
      refuse: "部分信息缺失或有误。",
    },
    rules: "触发的规则",
    checked: (count, fired) => `共检查 ${count} 条规则，触发 ${fired} 条。`,
    reasons: "哪些因素提高了风险",
    reasonsNote: "对模型对数几率的精确贡献，由大到小。",
    noReasons: "没有任何信息使风险高于平均水平。",
    latency: "单次评分耗时",
    digests: "凭证",
    module: "模块",
    bundle: "评分包",
    input: "输入（加盐）",
    receipt: "凭这些摘要，任何持有该模块与评分包的人都能逐位重现此决定。",
    fine: "基于公开数据的演示。评分属于您本人：贷方会在自己的服务器上重新计算后再作决定。",
    issues: {
      missing: "缺失",
      out_of_range: "超出范围",
      unknown_value: "取值未知",
      wrong_type: "不是数字",
      unknown_field: "不是输入项",
      not_finite: "不是有限数",
    },
    failed: "本页无法评分",
    loading: "正在加载评分模块",
  },
};

/** The words of a language, or English. */
export const words = (language) => WORDS[language] ?? WORDS.en;

/** The language that the page starts in: one that it and the bundle have, the visitor's if possible. */
export function firstLanguage(available) {
  const wanted = (navigator.languages ?? []).map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => available.includes(tag) && tag in WORDS) ?? "en";
}

/** A text of the bundle in a language, or in any. */
export const said = (texts, language) =>
  texts?.[language] ?? texts?.en ?? Object.values(texts ?? {})[0] ?? "";
