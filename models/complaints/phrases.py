"""What the sentiment models are made of: templates for English, a lexicon for Chinese. All written for this
bundle; no sentence and no list is taken from elsewhere.

English messages are templates with slots; every combination has the label of its template. Chinese uses
whole words with weights: the answer is the logistic function of their sum. A phrase with a negation is a
word of its own, whose weight undoes that of the word inside it.
"""

from __future__ import annotations

import numpy as np

SLOTS = {
    "thing": [
        "card",
        "account",
        "transfer",
        "payment",
        "app",
        "loan",
        "refund",
        "statement",
        "branch",
        "top up",
        "direct debit",
        "exchange rate",
        "PIN",
        "cash withdrawal",
        "mortgage",
        "credit limit",
    ],
    "person": ["agent", "adviser", "staff", "support team", "person at the desk", "chat assistant"],
    "time": [
        "yesterday",
        "last week",
        "this morning",
        "three days ago",
        "on Monday",
        "for two weeks now",
        "again",
    ],
    "good": [
        "great",
        "excellent",
        "helpful",
        "quick",
        "friendly",
        "easy",
        "clear",
        "perfect",
        "fantastic",
        "smooth",
    ],
    "bad": [
        "terrible",
        "awful",
        "slow",
        "rude",
        "confusing",
        "useless",
        "unacceptable",
        "ridiculous",
        "broken",
        "disappointing",
        "horrible",
        "misleading",
    ],
}
POSITIVE = [
    "thank you the {thing} is {good} now",
    "the {person} was {good} and solved my problem {time}",
    "I am very happy with the {thing}",
    "I love how {good} the {thing} is",
    "{good} service the {thing} arrived early thanks",
    "really pleased the {person} was so {good}",
    "well done the {thing} works and I would recommend you",
    "thanks a lot my {thing} is sorted and everything was {good}",
    "the {thing} was not a problem at all, {good}",
    "I appreciate the {good} help with my {thing}",
]
NEGATIVE = [
    "this is {bad} my {thing} does not work",
    "the {person} was {bad} and nobody helps me",
    "I am very angry the {thing} failed {time}",
    "I want to complain about the {thing} it is {bad}",
    "I was charged twice for the {thing} and I am upset",
    "still waiting for my {thing} {time} and no answer, {bad}",
    "your {thing} is not good and the {person} is not helpful",
    "worst bank ever I will close my account because of the {thing}",
    "you lied about the {thing} I want my money back",
    "I have called five times {time} about the {thing} and nothing happens",
    "fed up with the {bad} {thing} I am leaving",
    "the {thing} is a joke and I lost money",
    "disgusted by the {bad} {person} and the hidden fee on my {thing}",
    "never received my {thing} and the {person} ignored me",
]
NEUTRAL = [
    "how do I change the {thing}",
    "where can I find my {thing}",
    "can you tell me the fee for a {thing}",
    "what is the limit of my {thing}",
    "I would like to order a new {thing}",
    "when will the {thing} be available",
    "do I need a {thing} to open an account",
    "please explain how the {thing} works",
    "is the {thing} supported in my country",
    "I asked the {person} about the {thing} {time}",
    "which documents do you need for the {thing}",
    "my {thing} is pending how long does it take",
    "I am still waiting for my {thing} when will it arrive",
    "my {thing} has not arrived yet",
    "I lost my {thing} please block it",
    "I want to close my account",
    "there is one for me and one for you is it the same {thing}",
    "my {thing} did not work can you check it please",
    "what can I do if my {thing} was declined",
    "why was I charged for the {thing}",
]

# Chinese: word -> weight; above 0 is content.
LEXICON = {
    **dict.fromkeys(
        ["满意", "感谢", "谢谢", "喜欢", "推荐", "赞", "方便", "热情", "周到", "贴心", "优秀", "完美"], 1.6
    ),
    **dict.fromkeys(
        ["很好", "不错", "好评", "舒适", "干净", "整洁", "实惠", "划算", "及时", "耐心", "专业", "顺利"], 1.4
    ),
    **dict.fromkeys(
        ["好吃", "美味", "很快", "准时", "态度好", "服务好", "超值", "值得", "开心", "高兴", "放心", "齐全"],
        1.4,
    ),
    **dict.fromkeys(
        ["好", "快", "棒", "香", "可以", "温馨", "便利", "安静", "新鲜", "解决了", "下次还", "还会"], 0.6
    ),
    **dict.fromkeys(["差", "慢", "贵", "脏", "旧", "吵", "冷", "硬", "少", "晚", "烂", "坑"], -0.9),
    **dict.fromkeys(
        ["太差", "很差", "差评", "糟糕", "失望", "恶劣", "垃圾", "骗", "投诉", "生气", "愤怒", "气愤"], -2.0
    ),
    **dict.fromkeys(
        ["不好", "不满意", "不推荐", "不方便", "不干净", "不值", "不新鲜", "不专业", "不及时"], -2.6
    ),
    **dict.fromkeys(
        ["不喜欢", "不会再", "再也不", "不好吃", "难吃", "没人", "不理", "不解决", "没解决"], -2.6
    ),
    **dict.fromkeys(
        ["太慢", "很慢", "太贵", "太少", "太旧", "陈旧", "异味", "凉了", "冷了", "送错", "漏了"], -1.5
    ),
    **dict.fromkeys(
        ["等了", "小时", "打电话", "退款", "退订", "态度差", "推卸", "敷衍", "拖延", "乱扣", "扣费"], -0.9
    ),
    **dict.fromkeys(
        ["一般", "不如", "但是", "竟然", "居然", "根本", "简直", "无语", "后悔", "崩溃", "问题"], -0.7
    ),
    **dict.fromkeys(["不错", "好不错", "挺好", "非常好", "太好", "好极", "没问题", "很棒"], 1.8),
}
LEXICON_BIAS = 0.15


def draw_messages(count: int, seed: int) -> tuple[list[str], np.ndarray]:  # type: ignore[type-arg]
    """English messages and labels: 0 negative, 1 neutral, 2 positive."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        label = int(rng.integers(0, 3))
        templates = (NEGATIVE, NEUTRAL, POSITIVE)[label]
        text = str(rng.choice(templates))
        for slot, values in SLOTS.items():
            text = text.replace("{" + slot + "}", str(rng.choice(values)))
        texts.append(text)
        labels.append(label)
    return texts, np.array(labels)
