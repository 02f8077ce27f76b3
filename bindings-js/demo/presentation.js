// How this bundle's inputs are best shown: what a schema cannot say. Other bundles show without it.

/** Inputs that a pre-check does not ask for. */
export const HIDDEN = ["application_id"];

/** Names of the columns that numbered inputs (`pay_0`, `pay_2`, …) come together in. */
export const SERIES = {
  pay: { en: "Repayment", zh: "还款状态" },
  bill_amt: { en: "Statement", zh: "账单金额" },
  pay_amt: { en: "Paid", zh: "还款金额" },
};

/** Units in the page's languages. */
export const UNITS = {
  TWD: { en: "TWD", zh: "新台币元" },
  years: { en: "years", zh: "岁" },
};

/** Inputs whose numbers stand for words. */
export const CHOICES = {
  pay: [
    [-2, { en: "Unused", zh: "未使用" }],
    [-1, { en: "In full", zh: "全额还清" }],
    [0, { en: "In part", zh: "部分还款" }],
    [1, { en: "1 mo. late", zh: "逾期 1 月" }],
    [2, { en: "2 mo. late", zh: "逾期 2 月" }],
    [3, { en: "3 mo. late", zh: "逾期 3 月" }],
    [4, { en: "4 mo. late", zh: "逾期 4 月" }],
    [5, { en: "5 mo. late", zh: "逾期 5 月" }],
    [6, { en: "6 mo. late", zh: "逾期 6 月" }],
    [7, { en: "7 mo. late", zh: "逾期 7 月" }],
    [8, { en: "8 mo. late", zh: "逾期 8 月" }],
    [9, { en: "9 mo. late", zh: "逾期 9 月" }],
  ],
};

/** Inputs with a slider beside the number: lowest, highest, step. */
export const SLIDERS = { limit_bal: [10_000, 500_000, 10_000], age: [18, 80, 1] };

const example = (en, zh, limit_bal, age, pay, bill_amt, pay_amt) => ({
  title: { en, zh },
  values: {
    limit_bal,
    age,
    ...Object.fromEntries([0, 2, 3, 4, 5, 6].map((month, at) => [`pay_${month}`, pay[at]])),
    ...Object.fromEntries(bill_amt.map((amount, at) => [`bill_amt${at + 1}`, amount])),
    ...Object.fromEntries(pay_amt.map((amount, at) => [`pay_amt${at + 1}`, amount])),
  },
});

/** Invented applicants; the first is what the form starts with. */
export const EXAMPLES = [
  example(
    "Mostly on time",
    "基本按时",
    120_000,
    34,
    [0, 0, 0, 1, 0, 0],
    [48_200, 46_900, 51_300, 47_800, 39_500, 36_100],
    [2_600, 2_400, 2_800, 0, 2_200, 2_000],
  ),
  example(
    "Steady payer",
    "按时全额",
    260_000,
    45,
    [-1, -1, -1, -1, -1, -1],
    [12_400, 9_800, 15_100, 11_900, 8_700, 13_300],
    [9_800, 15_100, 11_900, 8_700, 13_300, 10_200],
  ),
  example(
    "Falling behind",
    "逐渐逾期",
    80_000,
    29,
    [2, 2, 1, 0, 0, 0],
    [78_900, 77_400, 74_800, 70_200, 66_500, 61_000],
    [0, 1_500, 2_000, 2_500, 2_500, 2_500],
  ),
  example(
    "Seriously late",
    "严重逾期",
    50_000,
    38,
    [4, 3, 2, 2, 2, 0],
    [57_800, 55_600, 53_900, 52_100, 50_400, 48_800],
    [0, 0, 0, 1_200, 0, 2_000],
  ),
];
