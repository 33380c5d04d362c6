# 给人看的文字。每种语言的文件都有同样的条目，并使用同样的参数。

## 拒绝

activity-already-recorded = 这项活动之前已经记录过。
activity-named-once = 请只用一种方式指明活动。
already-reversed = 这项活动已经全部退回。
before-enrolment = 会员于 { $enrolledAt } 入会，晚于此时间。
business-clock-needs-sandbox = 只有沙盒才有自己的时钟。
business-exists = 商家 { $slug } 已经存在。
business-slug-invalid = 简称须以小写字母开头，后接字母、数字、_ 或 -，而不是 { $slug }。
clock-goes-forward = 时钟现在是 { $now }，只能向前拨。
clock-of-a-sandbox-only = 只有沙盒的时钟可以设置。
credential-expired-at-once = 到期时间已经过去。
credential-kind-unknown = 没有 { $kind } 这种凭证；可用的有 { $known }。
credential-name-invalid = 名称须为 1 到 { $most } 个可显示字符。
credential-not-found = 商家 { $business } 没有密钥 { $key }。
credential-partner-of-its-kind = 合作伙伴的凭证须指明伙伴，其他凭证则不须。
credential-scope-not-of-kind = { $kind } 凭证不能有权限 { $scope }；可以有 { $known }。
credential-scope-unknown = 没有权限 { $scope }；可用的有 { $known }。
credential-source-invalid = 来源须为 1 到 { $most } 个字符。
credential-test-needs-sandbox = 只有沙盒才有测试凭证。
currency-other = 该商家的金额以 { $currency } 计。
idempotency-conflict = 这个幂等键已用于另一请求；请换一个新的。
idempotency-in-progress = 同一请求仍在处理中；请稍后再试。
instant-in-the-future = 这个时间在未来。
instant-too-early = 这个时间早于 1900 年。
instant-too-late = 最晚的时间是 { $latest }。
instant-without-zone = 请写明与 UTC 的时差。
kind-not-taken = 此处不能记录 { $kind } 类的活动。
kind-unknown = 没有这个种类；可用的有 { $kinds }。
line-keys-repeated = 每一行须有自己的键。
line-unknown = 这项活动没有 { $key } 这一行。
lines-are-not-the-amount = 各行之和不等于 { $amount }。
lines-without-amount = 有明细行时请同时给出金额。
member-already-exists = 已有会员使用这个编号或身份。
member-named-once = 请只用一种方式指明会员。
member-not-found = 没有这个会员。
not-json = 这个值不能写成 JSON。
number-not-exact = 请把数字写成字符串或整数；浮点数不精确。
number-out-of-bounds = 数字过大。
number-too-fine = 数字的小数多于 { $decimals } 位。
original-not-found = 要退回的活动尚未记录；请稍后再试。
partner-unknown = 没有合作伙伴 { $partner }。
program-unavailable = 商家目前没有可用的方案：{ $reason }
return-amount-negative = 不指明购买的退货金额须小于零。
return-amount-positive = 退回的数额须大于零。
return-before-purchase = 购买发生于 { $occurredAt }，晚于这次退货。
return-by-line = 这项活动有明细行；请说明退回哪几行。
return-of-a-return = 退货不能再退。
reversal-exceeds-original = 退回的多于剩余的。
source-not-yours = 这个凭证不能以 { $source } 的名义记录。
source-reserved = 来源 { $source } 由系统保留。
text-empty = 此处须有文字。
text-too-long = 文字多于 { $longest } 个字符。
text-with-control-characters = 文字含有控制字符。
too-deep = 值的嵌套多于 { $most } 层。
too-many = 多于 { $most } 个。
too-many-items = 一次请发送 1 到 { $most } 项。
try-again = 有其他操作同时进行，未作任何更改；请重新发送同一请求。

## 钱包的条目

entry-earn = 获得 { $amount } 积分
entry-partner-award = 合作伙伴赠送 { $amount } 积分
entry-repay-debt = 抵扣所欠 { $amount } 积分
entry-expire = { $amount } 积分到期
entry-take-back = 因退货收回 { $amount } 积分
entry-owe = 因退货欠 { $amount } 积分
entry-reversed = 更正 { $amount } 积分

## 等级的理由

reason-reached = { $tier }：{ $unit } 已有 { $have }，需要 { $need }
reason-short = { $tier }：{ $unit } 只有 { $have }，需要 { $need }
reason-supports = { $tier }：支持
reason-denies = { $tier }：不支持
requirement = { $unit } 至少 { $need }
progress-short = 距 { $tier } 还差 { $missing } { $unit }
progress-reached = { $unit } 已足够升至 { $tier }
unit-activities = 次
unit-days = 天
unit-units = 件
unit-score = 分
