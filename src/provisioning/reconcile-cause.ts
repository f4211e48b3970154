/**
 * Why a person is decided again. `directory`: the user itself changed, so mapped fields and access follow; `membership`
 * and `ruleChange`: access follows and local edits of fields stay; `replan`: only a different winning rule follows
 * (REQ-14, REQ-15, A-07).
 */
export type ReconcileCause = 'directory' | 'membership' | 'ruleChange' | 'replan';
