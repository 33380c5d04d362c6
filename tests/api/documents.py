"""Queries that several tests ask."""

ABOUT_MEMBER = """
query ($by: MemberBy!) {
  member(by: $by) {
    id externalId kind status enrolledAt attributes
    standing {
      ladder { key } tier { key rank } since until nextReviewAt
      claims { tier { key } from until locked cause { kind key activity { externalId } } program { version } }
      ruling {
        at tier { key } program { version }
        nodes {
          key parent op rule { key } supports { key }
          reasons { code message }
          measures { key value from until activities(first: 2) { nodes { externalId } } }
        }
      }
      progress {
        tier { key } route rule { key } have need missing unit means from by notBefore beginsAnew message
      }
    }
    standingChanges { nodes { from { key } to { key } effectiveAt cause { kind activity { externalId } } } }
    wallet {
      currency { key decimals } available debt earned expired
      expiring(within: "P800D") { at amount }
      entries(first: 5) {
        nodes { code amount cause { activity { externalId } } rule { key } partner { key } reverses { id } }
        pageInfo { hasNextPage endCursor }
      }
    }
    activities { nodes { externalId amount reversedAmount reverses { externalId } effects { __typename } } }
  }
}
"""
LIST = """
query ($first: Int, $after: String, $where: MemberFilter, $orderBy: MemberOrder) {
  members(first: $first, after: $after, where: $where, orderBy: $orderBy) {
    edges { cursor node { externalId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
TIERS_AND_BALANCES = """
query ($first: Int) {
  members(first: $first) {
    nodes {
      externalId
      standing { tier { key name } }
      wallet { available entries(first: 5) { nodes { amount code cause { activity { externalId } } } } }
    }
  }
}
"""
RULE_TYPES = (
    "{ business { ruleTypes { name configSchema } program { ladders { tiers { key memberCount } } } } }"
)

EVERYTHING_OF_MEMBERS = """
query ($first: Int) {
  members(first: $first) {
    nodes {
      id externalId attributes profile { email }
      standings {
        tier { key memberCount }
        claims { tier { key } cause { activity { externalId } } program { publishedAt } }
        ruling { nodes {
          rule { key } reasons { message } measures { value activities(first: 2) { nodes { id } } } } }
        progress { missing message }
        why(tier: "gold") { nodes { reasons { message } measures { value } } }
      }
      standingChanges(first: 3) { nodes { to { key } cause { activity { externalId } } ruling { at } } }
      wallets { available debt earned expired expiring(within: "P400D") { at }
        entries(first: 3) { nodes { message partner { key } reverses { id } cause { activity { id } } } } }
      activities(first: 3) { nodes { lines { key } reversedAmount partner { key } reverses { id }
        effects { __typename id program { version } rule { key } ... on LedgerEntry { amount } } } }
    }
  }
}
"""
