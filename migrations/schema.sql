CREATE TABLE account (
    business_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    member_id uuid,
    promotion_id uuid,
    partner_id uuid,
    balance bigint,
    created_at timestamp with time zone NOT NULL,
    reward_id uuid,
    CONSTRAINT account_pkey PRIMARY KEY (business_id, account_id),
    CONSTRAINT account_business_id_account_id_currency_key UNIQUE (business_id, account_id, currency),
    CONSTRAINT account_of_its_kind_key UNIQUE NULLS NOT DISTINCT (business_id, kind, currency, member_id, promotion_id, partner_id),
    CONSTRAINT account_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT account_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT account_business_id_partner_id_fkey FOREIGN KEY (business_id, partner_id) REFERENCES partner(business_id, partner_id),
    CONSTRAINT account_business_id_promotion_id_fkey FOREIGN KEY (business_id, promotion_id) REFERENCES promotion(business_id, promotion_id),
    CONSTRAINT account_business_id_reward_id_fkey FOREIGN KEY (business_id, reward_id) REFERENCES reward(business_id, reward_id),
    CONSTRAINT account_balance_bounds_check CHECK (balance >= '-9000000000000000'::bigint AND balance <= '9000000000000000'::bigint),
    CONSTRAINT account_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT account_floor_check CHECK (
CASE
    WHEN kind = ANY (ARRAY['wallet'::text, 'pending'::text, 'held'::text, 'quota'::text]) THEN balance IS NOT NULL AND balance >= 0
    WHEN kind = 'debt'::text THEN balance IS NOT NULL AND balance <= 0
    WHEN kind = ANY (ARRAY['budget'::text, 'stock'::text]) THEN balance IS NULL OR balance >= 0
    ELSE balance IS NULL
END),
    CONSTRAINT account_kind_check CHECK (kind = ANY (ARRAY['wallet'::text, 'debt'::text, 'pending'::text, 'held'::text, 'issuance'::text, 'breakage'::text, 'redeemed'::text, 'adjustment'::text, 'clearing'::text, 'budget'::text, 'quota'::text, 'used'::text, 'funding'::text, 'stock'::text, 'supplied'::text, 'delivered'::text])),
    CONSTRAINT account_member_of_its_kind_check CHECK ((kind = ANY (ARRAY['wallet'::text, 'debt'::text, 'pending'::text, 'held'::text])) = (member_id IS NOT NULL)),
    CONSTRAINT account_partner_of_its_kind_check CHECK ((kind = 'budget'::text) = (partner_id IS NOT NULL)),
    CONSTRAINT account_promotion_of_its_kind_check CHECK ((kind = ANY (ARRAY['budget'::text, 'quota'::text])) = (promotion_id IS NOT NULL)),
    CONSTRAINT account_reward_of_its_kind_check CHECK (
CASE
    WHEN kind = ANY (ARRAY['stock'::text, 'supplied'::text, 'delivered'::text]) THEN reward_id IS NOT NULL AND currency = ('reward/'::text || reward_id::text)
    ELSE reward_id IS NULL AND POSITION(('/'::text) IN (currency)) = 0
END)
);
ALTER TABLE account OWNER TO loyalty_owner;
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
CREATE INDEX account_by_member ON account USING btree (business_id, member_id) WHERE member_id IS NOT NULL;
CREATE POLICY app ON account FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON account FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON account TO loyalty_app;
GRANT UPDATE (created_at) ON account TO loyalty_app;
CREATE TRIGGER account_opens_empty BEFORE INSERT ON account FOR EACH ROW WHEN (new.balance <> 0) EXECUTE FUNCTION refuse_filled_account();
CREATE TRIGGER account_stays BEFORE UPDATE OF created_at ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE activity_line (
    business_id uuid NOT NULL,
    fact_id uuid NOT NULL,
    line_key text COLLATE "C" NOT NULL,
    member_id uuid NOT NULL,
    amount numeric(20,4) NOT NULL,
    units numeric(20,4),
    closing_units numeric(20,4),
    category text COLLATE "C",
    product text COLLATE "C",
    CONSTRAINT activity_line_pkey PRIMARY KEY (business_id, fact_id, line_key),
    CONSTRAINT activity_line_business_id_fact_id_fkey FOREIGN KEY (business_id, fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT activity_line_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT activity_line_amount_bounds_check CHECK (amount >= '-9000000000000000'::bigint::numeric AND amount <= '9000000000000000'::bigint::numeric),
    CONSTRAINT activity_line_category_length_check CHECK (char_length(category) >= 1 AND char_length(category) <= 64),
    CONSTRAINT activity_line_closing_units_bounds_check CHECK (closing_units >= '-9000000000000000'::bigint::numeric AND closing_units <= '9000000000000000'::bigint::numeric),
    CONSTRAINT activity_line_line_key_length_check CHECK (char_length(line_key) >= 1 AND char_length(line_key) <= 64),
    CONSTRAINT activity_line_product_length_check CHECK (char_length(product) >= 1 AND char_length(product) <= 200),
    CONSTRAINT activity_line_units_bounds_check CHECK (units >= '-9000000000000000'::bigint::numeric AND units <= '9000000000000000'::bigint::numeric)
);
ALTER TABLE activity_line OWNER TO loyalty_owner;
ALTER TABLE activity_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity_line FORCE ROW LEVEL SECURITY;
CREATE INDEX activity_line_by_member ON activity_line USING btree (business_id, member_id, fact_id);
CREATE POLICY app ON activity_line FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON activity_line FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON activity_line TO loyalty_app;
CREATE TRIGGER activity_line_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON activity_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE adjustment (
    business_id uuid NOT NULL,
    adjustment_id uuid NOT NULL,
    member_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    reason text NOT NULL,
    needs_approval boolean NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    decision text COLLATE "C",
    decided_by text COLLATE "C",
    decided_at timestamp with time zone,
    fact_id uuid,
    CONSTRAINT adjustment_pkey PRIMARY KEY (business_id, adjustment_id),
    CONSTRAINT adjustment_business_id_fact_id_key UNIQUE (business_id, fact_id),
    CONSTRAINT adjustment_business_id_fact_id_fkey FOREIGN KEY (business_id, fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT adjustment_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT adjustment_amount_bounds_check CHECK (amount <> 0 AND amount >= '-9000000000000000'::bigint AND amount <= '9000000000000000'::bigint),
    CONSTRAINT adjustment_approved_by_another_check CHECK (NOT needs_approval OR decision IS NULL OR decision = 'declined'::text OR decided_by <> asked_by),
    CONSTRAINT adjustment_asked_by_length_check CHECK (char_length(asked_by) >= 1 AND char_length(asked_by) <= 64),
    CONSTRAINT adjustment_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT adjustment_decided_at_once_check CHECK (num_nulls(decision, decided_by, decided_at) = ANY (ARRAY[0, 3])),
    CONSTRAINT adjustment_decided_by_length_check CHECK (char_length(decided_by) >= 1 AND char_length(decided_by) <= 64),
    CONSTRAINT adjustment_decision_check CHECK (decision = ANY (ARRAY['approved'::text, 'declined'::text])),
    CONSTRAINT adjustment_made_when_approved_check CHECK ((fact_id IS NOT NULL) = (decision IS NOT NULL AND decision = 'approved'::text)),
    CONSTRAINT adjustment_reason_length_check CHECK (char_length(reason) >= 1 AND char_length(reason) <= 500)
);
ALTER TABLE adjustment OWNER TO loyalty_owner;
ALTER TABLE adjustment ENABLE ROW LEVEL SECURITY;
ALTER TABLE adjustment FORCE ROW LEVEL SECURITY;
CREATE INDEX adjustment_by_member ON adjustment USING btree (business_id, member_id, asked_at, adjustment_id);
CREATE INDEX adjustment_waiting ON adjustment USING btree (business_id, asked_at, adjustment_id) WHERE decision IS NULL;
CREATE POLICY app ON adjustment FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON adjustment FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON adjustment TO loyalty_app;
GRANT UPDATE (decision, decided_by, decided_at, fact_id) ON adjustment TO loyalty_app;
CREATE TRIGGER adjustment_once BEFORE UPDATE ON adjustment FOR EACH ROW EXECUTE FUNCTION allow_once('decision', 'decided_by', 'decided_at', 'fact_id');
CREATE TRIGGER adjustment_stays BEFORE DELETE OR TRUNCATE ON adjustment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
ALTER TABLE alembic_version OWNER TO loyalty_owner;
GRANT SELECT ON alembic_version TO loyalty_app;

CREATE TABLE application (
    business_id uuid NOT NULL,
    application_id uuid NOT NULL,
    member_id uuid NOT NULL,
    rule text COLLATE "C" NOT NULL,
    program_version_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    step text COLLATE "C",
    fee numeric(20,4),
    opened_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone,
    ended_at timestamp with time zone,
    fact_id uuid,
    event_count bigint NOT NULL,
    CONSTRAINT application_pkey PRIMARY KEY (business_id, application_id),
    CONSTRAINT application_business_id_fact_id_key UNIQUE (business_id, fact_id),
    CONSTRAINT application_business_id_fact_id_fkey FOREIGN KEY (business_id, fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT application_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT application_business_id_program_version_id_fkey FOREIGN KEY (business_id, program_version_id) REFERENCES program_version(business_id, program_version_id),
    CONSTRAINT application_admitted_by_a_fact_check CHECK ((state = 'admitted'::text) = (fact_id IS NOT NULL)),
    CONSTRAINT application_closes_a_vote_check CHECK (closes_at IS NULL OR COALESCE(step, ''::text) = 'vote'::text),
    CONSTRAINT application_closes_after_opened_check CHECK (closes_at > opened_at),
    CONSTRAINT application_ended_check CHECK ((state = 'open'::text) = (ended_at IS NULL)),
    CONSTRAINT application_event_count_bounds_check CHECK (event_count >= 1 AND event_count <= '9000000000000000'::bigint),
    CONSTRAINT application_fee_bounds_check CHECK (fee >= 0::numeric AND fee <= '9000000000000000'::bigint::numeric),
    CONSTRAINT application_fee_to_pay_check CHECK (fee IS NULL OR COALESCE(step, ''::text) = 'pay'::text),
    CONSTRAINT application_kind_check CHECK (kind = ANY (ARRAY['entry'::text, 'renewal'::text])),
    CONSTRAINT application_rule_length_check CHECK (char_length(rule) >= 1 AND char_length(rule) <= 64),
    CONSTRAINT application_state_check CHECK (state = ANY (ARRAY['open'::text, 'admitted'::text, 'rejected'::text, 'withdrawn'::text])),
    CONSTRAINT application_step_check CHECK (step = ANY (ARRAY['invite'::text, 'review'::text, 'inspect'::text, 'vote'::text, 'sign'::text, 'pay'::text])),
    CONSTRAINT application_waits_while_open_check CHECK ((state = 'open'::text) = (step IS NOT NULL))
);
ALTER TABLE application OWNER TO loyalty_owner;
ALTER TABLE application ENABLE ROW LEVEL SECURITY;
ALTER TABLE application FORCE ROW LEVEL SECURITY;
CREATE INDEX application_by_member ON application USING btree (business_id, member_id, opened_at, application_id);
CREATE INDEX application_closing ON application USING btree (business_id, closes_at, member_id) WHERE closes_at IS NOT NULL;
CREATE UNIQUE INDEX application_open ON application USING btree (business_id, member_id, rule) WHERE state = 'open'::text;
CREATE POLICY app ON application FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON application FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON application TO loyalty_app;
GRANT UPDATE (state, step, fee, closes_at, ended_at, fact_id, event_count) ON application TO loyalty_app;
CREATE TRIGGER application_ended BEFORE UPDATE ON application FOR EACH ROW WHEN (old.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER application_only BEFORE UPDATE ON application FOR EACH ROW EXECUTE FUNCTION allow_only('state', 'step', 'fee', 'closes_at', 'ended_at', 'fact_id', 'event_count');
CREATE TRIGGER application_stays BEFORE DELETE OR TRUNCATE ON application FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE application_elector (
    business_id uuid NOT NULL,
    application_id uuid NOT NULL,
    member_id uuid NOT NULL,
    CONSTRAINT application_elector_pkey PRIMARY KEY (business_id, application_id, member_id),
    CONSTRAINT application_elector_business_id_application_id_fkey FOREIGN KEY (business_id, application_id) REFERENCES application(business_id, application_id),
    CONSTRAINT application_elector_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id)
);
ALTER TABLE application_elector OWNER TO loyalty_owner;
ALTER TABLE application_elector ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_elector FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON application_elector FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON application_elector FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON application_elector TO loyalty_app;
CREATE TRIGGER application_elector_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON application_elector FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE application_event (
    business_id uuid NOT NULL,
    application_id uuid NOT NULL,
    number bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    step text COLLATE "C",
    approved boolean,
    paid numeric(20,4),
    reason text,
    electors bigint,
    in_favour bigint,
    against bigint,
    abstained bigint,
    result text COLLATE "C",
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    credential_id uuid,
    CONSTRAINT application_event_pkey PRIMARY KEY (business_id, application_id, number),
    CONSTRAINT application_event_business_id_application_id_fkey FOREIGN KEY (business_id, application_id) REFERENCES application(business_id, application_id),
    CONSTRAINT application_event_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT application_event_decided_either_way_check CHECK ((kind = 'decided'::text) = (approved IS NOT NULL)),
    CONSTRAINT application_event_decides_a_step_check CHECK (kind <> 'decided'::text OR step IS NOT NULL),
    CONSTRAINT application_event_kind_check CHECK (kind = ANY (ARRAY['applied'::text, 'decided'::text, 'closed'::text, 'withdrawn'::text])),
    CONSTRAINT application_event_number_bounds_check CHECK (number >= 1 AND number <= '9000000000000000'::bigint),
    CONSTRAINT application_event_paid_at_its_step_check CHECK (paid IS NULL OR COALESCE(step, ''::text) = 'pay'::text),
    CONSTRAINT application_event_paid_bounds_check CHECK (paid >= 0::numeric AND paid <= '9000000000000000'::bigint::numeric),
    CONSTRAINT application_event_reason_length_check CHECK (char_length(reason) >= 1 AND char_length(reason) <= 500),
    CONSTRAINT application_event_result_check CHECK (result = ANY (ARRAY['carried'::text, 'lost'::text, 'tie'::text, 'no_quorum'::text])),
    CONSTRAINT application_event_step_check CHECK (step = ANY (ARRAY['invite'::text, 'review'::text, 'inspect'::text, 'vote'::text, 'sign'::text, 'pay'::text])),
    CONSTRAINT application_event_tally_of_electors_check CHECK (LEAST(in_favour, against, abstained) >= 0 AND (in_favour + against + abstained) <= electors),
    CONSTRAINT application_event_tally_when_closed_check CHECK (num_nonnulls(electors, in_favour, against, abstained, result) =
CASE kind
    WHEN 'closed'::text THEN 5
    ELSE 0
END)
);
ALTER TABLE application_event OWNER TO loyalty_owner;
ALTER TABLE application_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_event FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON application_event FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON application_event FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON application_event TO loyalty_app;
CREATE TRIGGER application_event_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON application_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE application_vote (
    business_id uuid NOT NULL,
    application_id uuid NOT NULL,
    member_id uuid NOT NULL,
    version bigint NOT NULL,
    choice text COLLATE "C" NOT NULL,
    cast_at timestamp with time zone NOT NULL,
    credential_id uuid,
    CONSTRAINT application_vote_pkey PRIMARY KEY (business_id, application_id, member_id, version),
    CONSTRAINT application_vote_business_id_application_id_member_id_fkey FOREIGN KEY (business_id, application_id, member_id) REFERENCES application_elector(business_id, application_id, member_id),
    CONSTRAINT application_vote_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT application_vote_choice_check CHECK (choice = ANY (ARRAY['in_favour'::text, 'against'::text, 'abstained'::text])),
    CONSTRAINT application_vote_version_bounds_check CHECK (version >= 1 AND version <= '9000000000000000'::bigint)
);
ALTER TABLE application_vote OWNER TO loyalty_owner;
ALTER TABLE application_vote ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_vote FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON application_vote FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON application_vote FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON application_vote TO loyalty_app;
CREATE TRIGGER application_vote_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON application_vote FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE business (
    business_id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text NOT NULL,
    timezone text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    locale text COLLATE "C" NOT NULL,
    sandbox boolean DEFAULT false NOT NULL,
    clock_at timestamp with time zone,
    event_position bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT business_pkey PRIMARY KEY (business_id),
    CONSTRAINT business_slug_key UNIQUE (slug),
    CONSTRAINT business_currency_form_check CHECK (currency ~ '^[A-Z]{3}$'::text),
    CONSTRAINT business_event_position_bounds_check CHECK (event_position >= 0),
    CONSTRAINT business_locale_length_check CHECK (char_length(locale) >= 1 AND char_length(locale) <= 35),
    CONSTRAINT business_name_length_check CHECK (char_length(name) >= 1 AND char_length(name) <= 200),
    CONSTRAINT business_only_a_sandbox_has_a_clock_check CHECK (sandbox OR clock_at IS NULL),
    CONSTRAINT business_slug_form_check CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text),
    CONSTRAINT business_timezone_length_check CHECK (char_length(timezone) >= 1 AND char_length(timezone) <= 64)
);
ALTER TABLE business OWNER TO loyalty_owner;
ALTER TABLE business ENABLE ROW LEVEL SECURITY;
ALTER TABLE business FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON business FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON business FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON business TO loyalty_app;
GRANT UPDATE (name, locale, clock_at, event_position) ON business TO loyalty_app;

CREATE TABLE claim (
    business_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    member_id uuid NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    tier text COLLATE "C" NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    origin text COLLATE "C" NOT NULL,
    rule text COLLATE "C",
    locked boolean NOT NULL,
    figures jsonb NOT NULL,
    effect_id uuid NOT NULL,
    withdrawn_effect_id uuid,
    moves_claim_id uuid,
    CONSTRAINT claim_pkey PRIMARY KEY (business_id, claim_id),
    CONSTRAINT claim_business_id_effect_id_key UNIQUE (business_id, effect_id),
    CONSTRAINT claim_business_id_effect_id_fkey FOREIGN KEY (business_id, effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT claim_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT claim_business_id_moves_claim_id_fkey FOREIGN KEY (business_id, moves_claim_id) REFERENCES claim(business_id, claim_id),
    CONSTRAINT claim_business_id_withdrawn_effect_id_fkey FOREIGN KEY (business_id, withdrawn_effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT claim_ladder_length_check CHECK (char_length(ladder) >= 1 AND char_length(ladder) <= 64),
    CONSTRAINT claim_moves_another_check CHECK (moves_claim_id <> claim_id),
    CONSTRAINT claim_origin_check CHECK (origin = ANY (ARRAY['rules'::text, 'override'::text, 'grant'::text, 'match'::text, 'paid'::text, 'migration'::text, 'grace'::text, 'notice'::text])),
    CONSTRAINT claim_rule_length_check CHECK (char_length(rule) >= 1 AND char_length(rule) <= 64),
    CONSTRAINT claim_tier_length_check CHECK (char_length(tier) >= 1 AND char_length(tier) <= 64),
    CONSTRAINT claim_until_after_from_check CHECK (until_at > from_at),
    CONSTRAINT claim_withdrawn_by_another_check CHECK (withdrawn_effect_id <> effect_id)
);
ALTER TABLE claim OWNER TO loyalty_owner;
ALTER TABLE claim ENABLE ROW LEVEL SECURITY;
ALTER TABLE claim FORCE ROW LEVEL SECURITY;
CREATE INDEX claim_by_member ON claim USING btree (business_id, member_id, ladder, from_at);
CREATE POLICY app ON claim FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON claim FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON claim TO loyalty_app;
GRANT UPDATE (figures, withdrawn_effect_id) ON claim TO loyalty_app;
CREATE TRIGGER claim_only BEFORE UPDATE ON claim FOR EACH ROW EXECUTE FUNCTION allow_only('figures', 'withdrawn_effect_id');
CREATE TRIGGER claim_stays BEFORE DELETE OR TRUNCATE ON claim FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE counter (
    business_id uuid NOT NULL,
    member_id uuid NOT NULL,
    rule text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    used bigint NOT NULL,
    CONSTRAINT counter_pkey PRIMARY KEY (business_id, member_id, rule, name),
    CONSTRAINT counter_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT counter_name_length_check CHECK (char_length(name) >= 1 AND char_length(name) <= 500),
    CONSTRAINT counter_rule_length_check CHECK (char_length(rule) <= 64),
    CONSTRAINT counter_used_bounds_check CHECK (used >= 0 AND used <= '9000000000000000'::bigint)
);
ALTER TABLE counter OWNER TO loyalty_owner;
ALTER TABLE counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE counter FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON counter FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON counter FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON counter TO loyalty_app;
GRANT UPDATE (used) ON counter TO loyalty_app;

CREATE TABLE coupon (
    business_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text COLLATE "C",
    code_hash bytea NOT NULL,
    use_limit bigint,
    member_limit bigint,
    used bigint NOT NULL,
    member_id uuid,
    reward_id uuid,
    redemption_id uuid,
    value_amount numeric(20,4),
    value_percent numeric(20,4),
    on_return text COLLATE "C" NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    credential_id uuid,
    CONSTRAINT coupon_pkey PRIMARY KEY (business_id, coupon_id),
    CONSTRAINT coupon_business_id_code_hash_key UNIQUE (business_id, code_hash),
    CONSTRAINT coupon_business_id_key_key UNIQUE (business_id, key),
    CONSTRAINT coupon_business_id_redemption_id_key UNIQUE (business_id, redemption_id),
    CONSTRAINT coupon_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT coupon_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT coupon_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT coupon_business_id_redemption_id_fkey FOREIGN KEY (business_id, redemption_id) REFERENCES redemption(business_id, redemption_id),
    CONSTRAINT coupon_business_id_reward_id_fkey FOREIGN KEY (business_id, reward_id) REFERENCES reward(business_id, reward_id),
    CONSTRAINT coupon_code_hash_length_check CHECK (octet_length(code_hash) = 32),
    CONSTRAINT coupon_key_length_check CHECK (char_length(key) >= 1 AND char_length(key) <= 64),
    CONSTRAINT coupon_made_or_issued_check CHECK (num_nonnulls(key, redemption_id) = 1),
    CONSTRAINT coupon_member_limit_bounds_check CHECK (member_limit >= 1 AND member_limit <= '9000000000000000'::bigint),
    CONSTRAINT coupon_on_return_check CHECK (on_return = ANY (ARRAY['release'::text, 'keep'::text])),
    CONSTRAINT coupon_one_value_check CHECK (num_nonnulls(value_amount, value_percent) <= 1),
    CONSTRAINT coupon_use_limit_bounds_check CHECK (use_limit >= 1 AND use_limit <= '9000000000000000'::bigint),
    CONSTRAINT coupon_valid_for_a_while_check CHECK (valid_until > valid_from),
    CONSTRAINT coupon_value_amount_bounds_check CHECK (value_amount >= 0::numeric AND value_amount <= '9000000000000000'::bigint::numeric),
    CONSTRAINT coupon_value_percent_bounds_check CHECK (value_percent >= 0::numeric AND value_percent <= 100::numeric),
    CONSTRAINT coupon_within_limit_check CHECK (used >= 0 AND (use_limit IS NULL OR used <= use_limit))
);
ALTER TABLE coupon OWNER TO loyalty_owner;
ALTER TABLE coupon ENABLE ROW LEVEL SECURITY;
ALTER TABLE coupon FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON coupon FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON coupon FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON coupon TO loyalty_app;
GRANT UPDATE (used) ON coupon TO loyalty_app;
CREATE TRIGGER coupon_counted_by_uses BEFORE UPDATE ON coupon FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER coupon_stays BEFORE DELETE OR TRUNCATE ON coupon FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE coupon_use (
    business_id uuid NOT NULL,
    coupon_use_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    member_id uuid NOT NULL,
    place bigint NOT NULL,
    member_limit bigint,
    used_at timestamp with time zone NOT NULL,
    purchase_source text COLLATE "C",
    purchase_external_id text COLLATE "C",
    amount numeric(20,4),
    discount numeric(20,4),
    reopens_use_id uuid,
    released_at timestamp with time zone,
    released_fact_id uuid,
    CONSTRAINT coupon_use_pkey PRIMARY KEY (business_id, coupon_use_id),
    CONSTRAINT coupon_use_business_id_released_fact_id_key UNIQUE (business_id, released_fact_id),
    CONSTRAINT coupon_use_business_id_reopens_use_id_key UNIQUE (business_id, reopens_use_id),
    CONSTRAINT coupon_use_business_id_coupon_id_fkey FOREIGN KEY (business_id, coupon_id) REFERENCES coupon(business_id, coupon_id),
    CONSTRAINT coupon_use_business_id_coupon_use_id_fkey FOREIGN KEY (business_id, coupon_use_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT coupon_use_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT coupon_use_business_id_released_fact_id_fkey FOREIGN KEY (business_id, released_fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT coupon_use_business_id_reopens_use_id_fkey FOREIGN KEY (business_id, reopens_use_id) REFERENCES coupon_use(business_id, coupon_use_id),
    CONSTRAINT coupon_use_amount_bounds_check CHECK (amount >= 0::numeric AND amount <= '9000000000000000'::bigint::numeric),
    CONSTRAINT coupon_use_discount_bounds_check CHECK (discount >= 0::numeric AND discount <= '9000000000000000'::bigint::numeric),
    CONSTRAINT coupon_use_has_an_effect_check CHECK (discount > 0::numeric),
    CONSTRAINT coupon_use_purchase_external_id_length_check CHECK (char_length(purchase_external_id) >= 1 AND char_length(purchase_external_id) <= 200),
    CONSTRAINT coupon_use_purchase_named_whole_check CHECK (num_nulls(purchase_source, purchase_external_id) <> 1),
    CONSTRAINT coupon_use_purchase_source_length_check CHECK (char_length(purchase_source) >= 1 AND char_length(purchase_source) <= 64),
    CONSTRAINT coupon_use_released_by_a_return_check CHECK ((released_fact_id IS NOT NULL) = (released_at IS NOT NULL)),
    CONSTRAINT coupon_use_reopens_another_check CHECK (reopens_use_id <> coupon_use_id),
    CONSTRAINT coupon_use_within_limit_check CHECK (place >= 1 AND (member_limit IS NULL OR place <= member_limit))
);
ALTER TABLE coupon_use OWNER TO loyalty_owner;
ALTER TABLE coupon_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE coupon_use FORCE ROW LEVEL SECURITY;
CREATE INDEX coupon_use_by_purchase ON coupon_use USING btree (business_id, purchase_source, purchase_external_id) WHERE purchase_source IS NOT NULL AND released_fact_id IS NULL;
CREATE UNIQUE INDEX coupon_use_place ON coupon_use USING btree (business_id, coupon_id, member_id, place) WHERE released_fact_id IS NULL;
CREATE POLICY app ON coupon_use FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON coupon_use FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON coupon_use TO loyalty_app;
GRANT UPDATE (released_at, released_fact_id) ON coupon_use TO loyalty_app;
CREATE TRIGGER coupon_use_counts AFTER INSERT ON coupon_use FOR EACH ROW WHEN (new.released_fact_id IS NULL) EXECUTE FUNCTION count_coupon_use();
CREATE TRIGGER coupon_use_once BEFORE UPDATE ON coupon_use FOR EACH ROW EXECUTE FUNCTION allow_once('released_at', 'released_fact_id');
CREATE TRIGGER coupon_use_released AFTER UPDATE ON coupon_use FOR EACH ROW WHEN (old.released_fact_id IS NULL AND new.released_fact_id IS NOT NULL) EXECUTE FUNCTION count_coupon_use();
CREATE TRIGGER coupon_use_stays BEFORE DELETE OR TRUNCATE ON coupon_use FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE credential (
    business_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    key_hash bytea NOT NULL,
    environment text COLLATE "C" NOT NULL,
    scopes text[] COLLATE "C" NOT NULL,
    sources text[] COLLATE "C",
    partner_id uuid,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT credential_pkey PRIMARY KEY (business_id, credential_id),
    CONSTRAINT credential_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT credential_business_id_partner_id_fkey FOREIGN KEY (business_id, partner_id) REFERENCES partner(business_id, partner_id),
    CONSTRAINT credential_environment_check CHECK (environment = ANY (ARRAY['live'::text, 'test'::text])),
    CONSTRAINT credential_key_hash_length_check CHECK (octet_length(key_hash) = 32),
    CONSTRAINT credential_key_id_length_check CHECK (char_length(key_id) >= 1 AND char_length(key_id) <= 64),
    CONSTRAINT credential_kind_check CHECK (kind = ANY (ARRAY['owner'::text, 'staff'::text, 'till'::text, 'frontend'::text, 'partner'::text, 'read_only'::text, 'test'::text])),
    CONSTRAINT credential_name_length_check CHECK (char_length(name) >= 1 AND char_length(name) <= 200),
    CONSTRAINT credential_partner_check CHECK ((kind = 'partner'::text) = (partner_id IS NOT NULL)),
    CONSTRAINT credential_scopes_check CHECK (array_position(scopes, NULL::text) IS NULL AND cardinality(scopes) <= 100),
    CONSTRAINT credential_sources_check CHECK (array_position(sources, NULL::text) IS NULL AND cardinality(sources) <= 100)
);
ALTER TABLE credential OWNER TO loyalty_owner;
ALTER TABLE credential ENABLE ROW LEVEL SECURITY;
ALTER TABLE credential FORCE ROW LEVEL SECURITY;
CREATE UNIQUE INDEX credential_key_id ON credential USING btree (key_id);
CREATE POLICY app ON credential FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON credential FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON credential TO loyalty_app;
GRANT UPDATE (name, expires_at, revoked_at) ON credential TO loyalty_app;

CREATE TABLE current_standing (
    business_id uuid NOT NULL,
    member_id uuid NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    tier text COLLATE "C" NOT NULL,
    since timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    next_review_at timestamp with time zone,
    standing_id uuid NOT NULL,
    cycle_anchor date,
    cycle_began_at timestamp with time zone,
    cycle_source text COLLATE "C",
    cycle_external_id text COLLATE "C",
    cycle_ends_on date,
    notice_tier text COLLATE "C",
    notice_at timestamp with time zone,
    noticed_at timestamp with time zone,
    CONSTRAINT current_standing_pkey PRIMARY KEY (business_id, member_id, ladder),
    CONSTRAINT current_standing_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT current_standing_business_id_standing_id_fkey FOREIGN KEY (business_id, standing_id) REFERENCES standing(business_id, standing_id),
    CONSTRAINT current_standing_cycle_is_whole_check CHECK ((cycle_anchor IS NULL) = (cycle_began_at IS NULL) AND (cycle_source IS NULL) = (cycle_external_id IS NULL) AND (cycle_source IS NULL OR cycle_began_at IS NOT NULL) AND (cycle_ends_on IS NULL OR cycle_anchor IS NOT NULL)),
    CONSTRAINT current_standing_ladder_length_check CHECK (char_length(ladder) >= 1 AND char_length(ladder) <= 64),
    CONSTRAINT current_standing_notice_is_whole_check CHECK (num_nulls(notice_tier, notice_at, noticed_at) = ANY (ARRAY[0, 3])),
    CONSTRAINT current_standing_notice_of_a_fall_check CHECK (notice_at > noticed_at AND notice_tier <> tier),
    CONSTRAINT current_standing_notice_tier_length_check CHECK (char_length(notice_tier) >= 1 AND char_length(notice_tier) <= 64),
    CONSTRAINT current_standing_tier_length_check CHECK (char_length(tier) >= 1 AND char_length(tier) <= 64)
);
ALTER TABLE current_standing OWNER TO loyalty_owner;
ALTER TABLE current_standing ENABLE ROW LEVEL SECURITY;
ALTER TABLE current_standing FORCE ROW LEVEL SECURITY;
CREATE INDEX current_standing_by_tier ON current_standing USING btree (business_id, ladder, tier, member_id);
CREATE POLICY app ON current_standing FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON current_standing FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON current_standing TO loyalty_app;
GRANT UPDATE (tier, since, until_at, next_review_at, standing_id, cycle_anchor, cycle_began_at, cycle_source, cycle_external_id, cycle_ends_on, notice_tier, notice_at, noticed_at) ON current_standing TO loyalty_app;

CREATE TABLE effect (
    business_id uuid NOT NULL,
    effect_id uuid NOT NULL,
    member_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    cause_kind text COLLATE "C" NOT NULL,
    cause_key text COLLATE "C" NOT NULL,
    activity_id uuid,
    boundary_at timestamp with time zone,
    rule text COLLATE "C" NOT NULL,
    slot text COLLATE "C" NOT NULL,
    value bigint NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    program_version_id uuid NOT NULL,
    trigger_fact_id uuid,
    corrects_effect_id uuid,
    CONSTRAINT effect_pkey PRIMARY KEY (business_id, effect_id),
    CONSTRAINT effect_business_id_activity_id_fkey FOREIGN KEY (business_id, activity_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT effect_business_id_corrects_effect_id_fkey FOREIGN KEY (business_id, corrects_effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT effect_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT effect_business_id_program_version_id_fkey FOREIGN KEY (business_id, program_version_id) REFERENCES program_version(business_id, program_version_id),
    CONSTRAINT effect_business_id_trigger_fact_id_fkey FOREIGN KEY (business_id, trigger_fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT effect_activity_cause_check CHECK ((cause_kind = 'activity'::text) = (activity_id IS NOT NULL)),
    CONSTRAINT effect_boundary_cause_check CHECK ((cause_kind = 'boundary'::text) = (boundary_at IS NOT NULL)),
    CONSTRAINT effect_cause_key_length_check CHECK (char_length(cause_key) >= 1 AND char_length(cause_key) <= 1600),
    CONSTRAINT effect_cause_kind_check CHECK (cause_kind = ANY (ARRAY['activity'::text, 'value'::text, 'boundary'::text, 'enrolment'::text, 'publication'::text])),
    CONSTRAINT effect_corrects_another_check CHECK (corrects_effect_id <> effect_id),
    CONSTRAINT effect_kind_check CHECK (kind = ANY (ARRAY['points'::text, 'standing'::text, 'claim'::text, 'withdrawal'::text, 'caused'::text, 'quota'::text, 'forgone'::text, 'notice'::text])),
    CONSTRAINT effect_not_in_the_future_check CHECK ((effective_at - recorded_at) <= '00:05:00'::interval),
    CONSTRAINT effect_rule_length_check CHECK (char_length(rule) <= 64),
    CONSTRAINT effect_slot_length_check CHECK (char_length(slot) >= 1 AND char_length(slot) <= 2000),
    CONSTRAINT effect_value_bounds_check CHECK (value >= '-9000000000000000'::bigint AND value <= '9000000000000000'::bigint),
    CONSTRAINT effect_value_not_zero_check CHECK (value <> 0),
    CONSTRAINT effect_value_of_its_kind_check CHECK ((kind = ANY (ARRAY['points'::text, 'caused'::text, 'forgone'::text])) OR (value = ANY (ARRAY['-1'::integer::bigint, 1::bigint])))
);
ALTER TABLE effect OWNER TO loyalty_owner;
ALTER TABLE effect ENABLE ROW LEVEL SECURITY;
ALTER TABLE effect FORCE ROW LEVEL SECURITY;
CREATE INDEX effect_besides_points ON effect USING btree (business_id, member_id, kind, effective_at) WHERE kind <> 'points'::text;
CREATE INDEX effect_by_activity ON effect USING btree (business_id, activity_id) WHERE activity_id IS NOT NULL;
CREATE INDEX effect_by_member ON effect USING btree (business_id, member_id, effective_at, effect_id);
CREATE INDEX effect_by_trigger ON effect USING btree (business_id, trigger_fact_id) WHERE trigger_fact_id IS NOT NULL;
CREATE UNIQUE INDEX effect_corrected_once ON effect USING btree (business_id, corrects_effect_id) WHERE corrects_effect_id IS NOT NULL;
CREATE UNIQUE INDEX effect_posted_first_once ON effect USING btree (business_id, member_id, sha256(decode(replace((((((cause_kind || chr(10)) || cause_key) || chr(10)) || rule) || chr(10)) || slot, chr(92), repeat(chr(92), 2)), 'escape'::text))) WHERE corrects_effect_id IS NULL;
CREATE POLICY app ON effect FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON effect FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON effect TO loyalty_app;
CREATE TRIGGER effect_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON effect FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE fact (
    business_id uuid NOT NULL,
    fact_id uuid NOT NULL,
    member_id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    local_day date NOT NULL,
    body_hash bytea NOT NULL,
    credential_id uuid,
    kind text COLLATE "C",
    amount numeric(20,4),
    units numeric(20,4),
    currency text COLLATE "C",
    channel text COLLATE "C",
    partner_id uuid,
    attributes jsonb,
    reverses_fact_id uuid,
    reason text,
    counts_as text COLLATE "C",
    counts_on date,
    ones smallint,
    closing_units numeric(20,4),
    value_kind text COLLATE "C",
    value_key text COLLATE "C",
    value jsonb,
    asked_cause_kind text COLLATE "C",
    asked_cause_key text COLLATE "C",
    asked_rule text COLLATE "C",
    asked_slot text COLLATE "C",
    asked bigint,
    granted bigint,
    points_currency text COLLATE "C",
    points bigint,
    points_terms jsonb,
    about_fact_id uuid,
    original_effective_at timestamp with time zone,
    CONSTRAINT fact_pkey PRIMARY KEY (business_id, fact_id),
    CONSTRAINT fact_business_id_source_external_id_key UNIQUE (business_id, source, external_id),
    CONSTRAINT fact_business_id_about_fact_id_fkey FOREIGN KEY (business_id, about_fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT fact_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT fact_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT fact_business_id_partner_id_fkey FOREIGN KEY (business_id, partner_id) REFERENCES partner(business_id, partner_id),
    CONSTRAINT fact_business_id_reverses_fact_id_fkey FOREIGN KEY (business_id, reverses_fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT fact_a_reversal_takes_away_check CHECK (reverses_fact_id IS NULL OR reverses_fact_id <> fact_id AND COALESCE(amount, 0::numeric) <= 0::numeric AND COALESCE(units, 0::numeric) <= 0::numeric AND ones <= 0),
    CONSTRAINT fact_about_of_its_kind_check CHECK (about_fact_id IS NOT NULL OR (kind <> ALL (ARRAY['capture'::text, 'void'::text, 'confirmation'::text, 'receipt'::text, 'gift'::text, 'absorption'::text])) OR reverses_fact_id IS NOT NULL),
    CONSTRAINT fact_amount_bounds_check CHECK (amount >= '-9000000000000000'::bigint::numeric AND amount <= '9000000000000000'::bigint::numeric),
    CONSTRAINT fact_an_amount_has_a_currency_check CHECK (amount IS NULL OR currency IS NOT NULL),
    CONSTRAINT fact_asked_cause_key_length_check CHECK (char_length(asked_cause_key) >= 1 AND char_length(asked_cause_key) <= 1600),
    CONSTRAINT fact_asked_cause_kind_check CHECK (asked_cause_kind = ANY (ARRAY['activity'::text, 'value'::text, 'boundary'::text, 'enrolment'::text, 'publication'::text])),
    CONSTRAINT fact_asked_rule_length_check CHECK (char_length(asked_rule) <= 64),
    CONSTRAINT fact_asked_slot_length_check CHECK (char_length(asked_slot) >= 1 AND char_length(asked_slot) <= 200),
    CONSTRAINT fact_body_hash_length_check CHECK (octet_length(body_hash) = 32),
    CONSTRAINT fact_booked_later_check CHECK (original_effective_at IS NULL OR type <> 'answer'::text AND original_effective_at < occurred_at),
    CONSTRAINT fact_channel_length_check CHECK (char_length(channel) >= 1 AND char_length(channel) <= 64),
    CONSTRAINT fact_closed_when_complete_check CHECK (closing_units IS NULL OR ones = '-1'::integer),
    CONSTRAINT fact_closing_units_bounds_check CHECK (closing_units >= '-9000000000000000'::bigint::numeric AND closing_units <= '9000000000000000'::bigint::numeric),
    CONSTRAINT fact_columns_of_its_type_check CHECK (
CASE type
    WHEN 'activity'::text THEN num_nulls(kind, attributes, counts_as, counts_on, ones) = 0 AND num_nonnulls(value_kind, value_key, value, asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted) = 0
    WHEN 'value'::text THEN num_nulls(value_kind, value_key, value) = 0 AND num_nonnulls(amount, units, currency, channel, partner_id, attributes, reverses_fact_id, reason, kind, counts_as, counts_on, ones, closing_units, points_currency, points, points_terms, about_fact_id, asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted) = 0
    ELSE num_nulls(asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted) = 0 AND num_nonnulls(amount, units, currency, channel, partner_id, attributes, reverses_fact_id, reason, kind, counts_as, counts_on, ones, closing_units, points_currency, points, points_terms, about_fact_id, value_kind, value_key, value) = 0
END),
    CONSTRAINT fact_counts_as_length_check CHECK (char_length(counts_as) >= 1 AND char_length(counts_as) <= 64),
    CONSTRAINT fact_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 3),
    CONSTRAINT fact_external_id_length_check CHECK (char_length(external_id) >= 1 AND char_length(external_id) <= 200),
    CONSTRAINT fact_granted_bounds_check CHECK (abs(asked) <= '9000000000000000'::bigint AND granted >= LEAST(asked, 0::bigint) AND granted <= GREATEST(asked, 0::bigint)),
    CONSTRAINT fact_kind_length_check CHECK (char_length(kind) >= 1 AND char_length(kind) <= 64),
    CONSTRAINT fact_not_in_the_future_check CHECK ((occurred_at - recorded_at) <= '00:05:00'::interval),
    CONSTRAINT fact_ones_bounds_check CHECK (ones >= '-1'::integer AND ones <= 1),
    CONSTRAINT fact_points_bounds_check CHECK (points >= '-9000000000000000'::bigint AND points <= '9000000000000000'::bigint),
    CONSTRAINT fact_points_currency_length_check CHECK (char_length(points_currency) >= 1 AND char_length(points_currency) <= 64),
    CONSTRAINT fact_points_have_a_currency_check CHECK (num_nulls(points, points_terms) = 2 OR points_currency IS NOT NULL OR points IS NULL AND (kind = ANY (ARRAY['merge'::text, 'absorption'::text]))),
    CONSTRAINT fact_points_of_their_kind_check CHECK (reverses_fact_id IS NOT NULL OR (points_currency IS NOT NULL) = (kind IS NOT NULL AND (kind = ANY (ARRAY['redemption'::text, 'hold'::text, 'capture'::text, 'void'::text, 'transfer'::text, 'receipt'::text, 'gift'::text, 'adjustment'::text])))),
    CONSTRAINT fact_reason_length_check CHECK (char_length(reason) >= 1 AND char_length(reason) <= 500),
    CONSTRAINT fact_source_length_check CHECK (char_length(source) >= 1 AND char_length(source) <= 64),
    CONSTRAINT fact_type_check CHECK (type = ANY (ARRAY['activity'::text, 'value'::text, 'answer'::text])),
    CONSTRAINT fact_units_bounds_check CHECK (units >= '-9000000000000000'::bigint::numeric AND units <= '9000000000000000'::bigint::numeric),
    CONSTRAINT fact_value_key_length_check CHECK (char_length(value_key) >= 1 AND char_length(value_key) <= 64),
    CONSTRAINT fact_value_kind_check CHECK (value_kind = ANY (ARRAY['attribute'::text, 'segment'::text, 'score'::text, 'consent'::text, 'offer_sent'::text, 'partner_status'::text]))
);
ALTER TABLE fact OWNER TO loyalty_owner;
ALTER TABLE fact ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact FORCE ROW LEVEL SECURITY;
CREATE INDEX fact_about ON fact USING btree (business_id, about_fact_id) WHERE about_fact_id IS NOT NULL;
CREATE INDEX fact_by_place ON fact USING btree (business_id, member_id, occurred_at, source, external_id);
CREATE UNIQUE INDEX fact_closing_a_hold ON fact USING btree (business_id, about_fact_id) WHERE kind = ANY (ARRAY['capture'::text, 'void'::text]);
CREATE INDEX fact_measured ON fact USING btree (business_id, member_id, counts_on) WHERE type = 'activity'::text;
CREATE UNIQUE INDEX fact_returned_whole ON fact USING btree (business_id, reverses_fact_id) WHERE ones = '-1'::integer AND reverses_fact_id IS NOT NULL;
CREATE INDEX fact_reversing ON fact USING btree (business_id, reverses_fact_id) WHERE reverses_fact_id IS NOT NULL;
CREATE POLICY app ON fact FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON fact FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON fact TO loyalty_app;
CREATE TRIGGER fact_return AFTER INSERT ON fact FOR EACH ROW WHEN (new.reverses_fact_id IS NOT NULL) EXECUTE FUNCTION refuse_excess_return();
CREATE TRIGGER fact_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON fact FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE hold (
    business_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    member_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    captured bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT hold_pkey PRIMARY KEY (business_id, hold_id),
    CONSTRAINT hold_business_id_hold_id_fkey FOREIGN KEY (business_id, hold_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT hold_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT hold_amount_bounds_check CHECK (amount >= 1 AND amount <= '9000000000000000'::bigint),
    CONSTRAINT hold_captured_bounds_check CHECK (captured >= 0 AND captured <= amount),
    CONSTRAINT hold_captured_of_its_state_check CHECK ((captured > 0) = (state = 'captured'::text)),
    CONSTRAINT hold_closed_of_its_state_check CHECK ((closed_at IS NULL) = (state = 'open'::text)),
    CONSTRAINT hold_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT hold_expires_after_opened_check CHECK (expires_at > opened_at),
    CONSTRAINT hold_state_check CHECK (state = ANY (ARRAY['open'::text, 'captured'::text, 'voided'::text, 'expired'::text]))
);
ALTER TABLE hold OWNER TO loyalty_owner;
ALTER TABLE hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE hold FORCE ROW LEVEL SECURITY;
CREATE INDEX hold_open ON hold USING btree (business_id, member_id) WHERE state = 'open'::text;
CREATE POLICY app ON hold FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON hold FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON hold TO loyalty_app;
GRANT UPDATE (captured, state, closed_at) ON hold TO loyalty_app;

CREATE TABLE identity (
    business_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    member_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    identity_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT identity_pkey PRIMARY KEY (business_id, identity_id),
    CONSTRAINT identity_business_id_kind_identity_hash_key UNIQUE (business_id, kind, identity_hash),
    CONSTRAINT identity_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT identity_identity_hash_length_check CHECK (octet_length(identity_hash) = 32),
    CONSTRAINT identity_kind_length_check CHECK (char_length(kind) >= 1 AND char_length(kind) <= 64)
);
ALTER TABLE identity OWNER TO loyalty_owner;
ALTER TABLE identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity FORCE ROW LEVEL SECURITY;
CREATE INDEX identity_by_member ON identity USING btree (business_id, member_id);
CREATE POLICY app ON identity FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON identity FOR ALL TO loyalty_owner USING (true);
GRANT DELETE, INSERT, SELECT ON identity TO loyalty_app;

CREATE TABLE lot (
    business_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    member_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    cause_kind text COLLATE "C" NOT NULL,
    cause_key text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    slot text COLLATE "C" NOT NULL,
    earned_at timestamp with time zone NOT NULL,
    earned_source text COLLATE "C" NOT NULL,
    earned_external_id text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    expired bigint NOT NULL,
    expires_at timestamp with time zone,
    pending boolean NOT NULL,
    releases_at timestamp with time zone,
    funding jsonb NOT NULL,
    CONSTRAINT lot_pkey PRIMARY KEY (business_id, lot_id),
    CONSTRAINT lot_business_id_member_id_cause_kind_cause_key_rule_slot_key UNIQUE (business_id, member_id, cause_kind, cause_key, rule, slot),
    CONSTRAINT lot_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT lot_amount_bounds_check CHECK (amount >= 0 AND amount <= '9000000000000000'::bigint),
    CONSTRAINT lot_cause_key_length_check CHECK (char_length(cause_key) >= 1 AND char_length(cause_key) <= 1600),
    CONSTRAINT lot_cause_kind_check CHECK (cause_kind = ANY (ARRAY['activity'::text, 'value'::text, 'boundary'::text, 'enrolment'::text, 'publication'::text])),
    CONSTRAINT lot_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT lot_earned_external_id_length_check CHECK (char_length(earned_external_id) <= 200),
    CONSTRAINT lot_earned_source_length_check CHECK (char_length(earned_source) <= 64),
    CONSTRAINT lot_parts_check CHECK (remaining >= 0 AND expired >= 0 AND (remaining + expired) <= amount),
    CONSTRAINT lot_rule_length_check CHECK (char_length(rule) <= 64),
    CONSTRAINT lot_slot_length_check CHECK (char_length(slot) >= 1 AND char_length(slot) <= 200)
);
ALTER TABLE lot OWNER TO loyalty_owner;
ALTER TABLE lot ENABLE ROW LEVEL SECURITY;
ALTER TABLE lot FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON lot FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON lot FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON lot TO loyalty_app;
GRANT UPDATE (amount, remaining, expired, expires_at, pending, releases_at, funding) ON lot TO loyalty_app;

CREATE TABLE member (
    business_id uuid NOT NULL,
    member_id uuid NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    joined_on date NOT NULL,
    channel text COLLATE "C",
    partner_id uuid,
    referred_by text COLLATE "C",
    last_occurred_at timestamp with time zone,
    last_source text COLLATE "C",
    last_external_id text COLLATE "C",
    folded_until timestamp with time zone NOT NULL,
    next_boundary_at timestamp with time zone,
    event_count bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_recorded_at timestamp with time zone NOT NULL,
    paused_at timestamp with time zone,
    paused_until timestamp with time zone,
    rulebook_version integer DEFAULT 0 NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT member_pkey PRIMARY KEY (business_id, member_id),
    CONSTRAINT member_business_id_external_id_key UNIQUE (business_id, external_id),
    CONSTRAINT member_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT member_business_id_partner_id_fkey FOREIGN KEY (business_id, partner_id) REFERENCES partner(business_id, partner_id),
    CONSTRAINT member_business_id_referred_by_fkey FOREIGN KEY (business_id, referred_by) REFERENCES member(business_id, external_id),
    CONSTRAINT member_channel_length_check CHECK (char_length(channel) >= 1 AND char_length(channel) <= 64),
    CONSTRAINT member_closed_since_check CHECK (
CASE status
    WHEN 'closed'::text THEN closed_at IS NOT NULL
    WHEN 'erased'::text THEN true
    ELSE closed_at IS NULL
END AND (closed_at IS NULL OR next_boundary_at IS NULL)),
    CONSTRAINT member_event_count_bounds_check CHECK (event_count >= 0),
    CONSTRAINT member_external_id_length_check CHECK (char_length(external_id) >= 1 AND char_length(external_id) <= 200),
    CONSTRAINT member_kind_check CHECK (kind = ANY (ARRAY['person'::text, 'organisation'::text])),
    CONSTRAINT member_last_place_is_whole_check CHECK (num_nulls(last_occurred_at, last_source, last_external_id) = ANY (ARRAY[0, 3])),
    CONSTRAINT member_paused_since_check CHECK (
CASE status
    WHEN 'paused'::text THEN paused_at IS NOT NULL
    WHEN 'active'::text THEN paused_at IS NULL
    ELSE true
END AND (paused_until IS NULL OR paused_at IS NOT NULL AND paused_until > paused_at)),
    CONSTRAINT member_referred_by_another_check CHECK (referred_by <> external_id),
    CONSTRAINT member_referred_by_length_check CHECK (char_length(referred_by) >= 1 AND char_length(referred_by) <= 200),
    CONSTRAINT member_status_check CHECK (status = ANY (ARRAY['active'::text, 'paused'::text, 'blocked'::text, 'closed'::text, 'merged'::text, 'erased'::text]))
);
ALTER TABLE member OWNER TO loyalty_owner;
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
CREATE INDEX member_by_enrolment ON member USING btree (business_id, enrolled_at, member_id);
CREATE INDEX member_by_referrer ON member USING btree (business_id, referred_by) WHERE referred_by IS NOT NULL;
CREATE INDEX member_by_rulebook ON member USING btree (business_id, rulebook_version, member_id);
CREATE INDEX member_by_status ON member USING btree (business_id, status, enrolled_at, member_id);
CREATE INDEX member_due ON member USING btree (business_id, next_boundary_at, member_id) WHERE next_boundary_at IS NOT NULL;
CREATE POLICY app ON member FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON member FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON member TO loyalty_app;
GRANT UPDATE (status, enrolled_at, joined_on, last_occurred_at, last_source, last_external_id, folded_until, next_boundary_at, event_count, last_recorded_at, paused_at, paused_until, rulebook_version, closed_at) ON member TO loyalty_app;
CREATE TRIGGER member_goes_forward BEFORE UPDATE ON member FOR EACH ROW WHEN (new.last_recorded_at < old.last_recorded_at) EXECUTE FUNCTION refuse_going_back();
CREATE TRIGGER member_joins_earlier BEFORE UPDATE ON member FOR EACH ROW WHEN ((new.enrolled_at IS DISTINCT FROM old.enrolled_at OR new.joined_on IS DISTINCT FROM old.joined_on) AND (new.enrolled_at >= old.enrolled_at OR new.joined_on > old.joined_on)) EXECUTE FUNCTION refuse_joining_later();
CREATE TRIGGER member_stays_merged BEFORE UPDATE OF status ON member FOR EACH ROW WHEN (old.status = 'merged'::text AND new.status <> 'merged'::text) EXECUTE FUNCTION refuse_change();

CREATE TABLE merge (
    business_id uuid NOT NULL,
    absorbed_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    is_direct boolean NOT NULL,
    merged_at timestamp with time zone NOT NULL,
    reason text,
    credential_id uuid,
    CONSTRAINT merge_pkey PRIMARY KEY (business_id, absorbed_id, survivor_id),
    CONSTRAINT merge_business_id_absorbed_id_fkey FOREIGN KEY (business_id, absorbed_id) REFERENCES member(business_id, member_id),
    CONSTRAINT merge_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT merge_business_id_survivor_id_fkey FOREIGN KEY (business_id, survivor_id) REFERENCES member(business_id, member_id),
    CONSTRAINT merge_into_another_check CHECK (absorbed_id <> survivor_id)
);
ALTER TABLE merge OWNER TO loyalty_owner;
ALTER TABLE merge ENABLE ROW LEVEL SECURITY;
ALTER TABLE merge FORCE ROW LEVEL SECURITY;
CREATE INDEX merge_by_survivor ON merge USING btree (business_id, survivor_id);
CREATE UNIQUE INDEX merge_once ON merge USING btree (business_id, absorbed_id) WHERE is_direct;
CREATE POLICY app ON merge FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON merge FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON merge TO loyalty_app;
CREATE TRIGGER merge_into_who_goes_on BEFORE INSERT ON merge FOR EACH ROW EXECUTE FUNCTION refuse_merge_into_merged();
CREATE TRIGGER merge_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON merge FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE operation (
    business_id uuid NOT NULL,
    actor text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    mutation text COLLATE "C" NOT NULL,
    input_hash bytea NOT NULL,
    outcome jsonb,
    started_at timestamp with time zone NOT NULL,
    CONSTRAINT operation_pkey PRIMARY KEY (business_id, actor, key),
    CONSTRAINT operation_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT operation_actor_length_check CHECK (char_length(actor) >= 1 AND char_length(actor) <= 64),
    CONSTRAINT operation_input_hash_length_check CHECK (octet_length(input_hash) = 32),
    CONSTRAINT operation_key_length_check CHECK (char_length(key) >= 1 AND char_length(key) <= 200),
    CONSTRAINT operation_mutation_length_check CHECK (char_length(mutation) >= 1 AND char_length(mutation) <= 64)
);
ALTER TABLE operation OWNER TO loyalty_owner;
ALTER TABLE operation ENABLE ROW LEVEL SECURITY;
ALTER TABLE operation FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON operation FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON operation FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON operation TO loyalty_app;
GRANT UPDATE (outcome) ON operation TO loyalty_app;
CREATE TRIGGER operation_once BEFORE UPDATE ON operation FOR EACH ROW EXECUTE FUNCTION allow_once('outcome');

CREATE TABLE outbox (
    business_id uuid NOT NULL,
    event_id uuid NOT NULL,
    member_id uuid NOT NULL,
    member_sequence bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    effect_id uuid,
    body jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    position bigint,
    published_at timestamp with time zone,
    CONSTRAINT outbox_pkey PRIMARY KEY (business_id, event_id),
    CONSTRAINT outbox_business_id_member_id_member_sequence_key UNIQUE (business_id, member_id, member_sequence),
    CONSTRAINT outbox_business_id_position_key UNIQUE (business_id, "position"),
    CONSTRAINT outbox_business_id_effect_id_fkey FOREIGN KEY (business_id, effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT outbox_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT outbox_member_sequence_bounds_check CHECK (member_sequence >= 1),
    CONSTRAINT outbox_position_bounds_check CHECK ("position" >= 1),
    CONSTRAINT outbox_published_with_its_position_check CHECK (num_nulls("position", published_at) = ANY (ARRAY[0, 2])),
    CONSTRAINT outbox_type_length_check CHECK (char_length(type) >= 1 AND char_length(type) <= 64)
);
ALTER TABLE outbox OWNER TO loyalty_owner;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE INDEX outbox_unpublished ON outbox USING btree (business_id, event_id) WHERE "position" IS NULL;
CREATE POLICY app ON outbox FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON outbox FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON outbox TO loyalty_app;
GRANT UPDATE (position, published_at) ON outbox TO loyalty_app;
CREATE TRIGGER outbox_once BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION allow_once('position', 'published_at');

CREATE TABLE parked (
    business_id uuid NOT NULL,
    member_id uuid NOT NULL,
    cause_kind text COLLATE "C" NOT NULL,
    cause_key text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    error text NOT NULL,
    parked_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT parked_pkey PRIMARY KEY (business_id, member_id, cause_kind, cause_key, rule),
    CONSTRAINT parked_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT parked_cause_key_length_check CHECK (char_length(cause_key) >= 1 AND char_length(cause_key) <= 1600),
    CONSTRAINT parked_cause_kind_check CHECK (cause_kind = ANY (ARRAY['activity'::text, 'value'::text, 'boundary'::text, 'enrolment'::text, 'publication'::text])),
    CONSTRAINT parked_error_length_check CHECK (char_length(error) >= 1 AND char_length(error) <= 1000),
    CONSTRAINT parked_resolved_after_parked_check CHECK (resolved_at >= parked_at),
    CONSTRAINT parked_rule_length_check CHECK (char_length(rule) >= 1 AND char_length(rule) <= 64)
);
ALTER TABLE parked OWNER TO loyalty_owner;
ALTER TABLE parked ENABLE ROW LEVEL SECURITY;
ALTER TABLE parked FORCE ROW LEVEL SECURITY;
CREATE INDEX parked_open ON parked USING btree (business_id, rule, member_id) WHERE resolved_at IS NULL;
CREATE POLICY app ON parked FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON parked FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON parked TO loyalty_app;
GRANT UPDATE (error, parked_at, resolved_at) ON parked TO loyalty_app;

CREATE TABLE partner (
    business_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT partner_pkey PRIMARY KEY (business_id, partner_id),
    CONSTRAINT partner_business_id_key_key UNIQUE (business_id, key),
    CONSTRAINT partner_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT partner_key_length_check CHECK (char_length(key) >= 1 AND char_length(key) <= 64),
    CONSTRAINT partner_name_length_check CHECK (char_length(name) >= 1 AND char_length(name) <= 200)
);
ALTER TABLE partner OWNER TO loyalty_owner;
ALTER TABLE partner ENABLE ROW LEVEL SECURITY;
ALTER TABLE partner FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON partner FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON partner FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON partner TO loyalty_app;
GRANT UPDATE (name) ON partner TO loyalty_app;

CREATE TABLE point_use (
    business_id uuid NOT NULL,
    point_use_id uuid NOT NULL,
    member_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    cause_kind text COLLATE "C" NOT NULL,
    cause_key text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    slot text COLLATE "C" NOT NULL,
    used_at timestamp with time zone NOT NULL,
    used_source text COLLATE "C" NOT NULL,
    used_external_id text COLLATE "C" NOT NULL,
    lot_id uuid,
    amount bigint NOT NULL,
    CONSTRAINT point_use_pkey PRIMARY KEY (business_id, point_use_id),
    CONSTRAINT point_use_of_a_lot_key UNIQUE NULLS NOT DISTINCT (business_id, member_id, cause_kind, cause_key, rule, slot, lot_id),
    CONSTRAINT point_use_business_id_lot_id_fkey FOREIGN KEY (business_id, lot_id) REFERENCES lot(business_id, lot_id),
    CONSTRAINT point_use_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT point_use_amount_bounds_check CHECK (amount >= 0 AND amount <= '9000000000000000'::bigint),
    CONSTRAINT point_use_cause_key_length_check CHECK (char_length(cause_key) >= 1 AND char_length(cause_key) <= 1600),
    CONSTRAINT point_use_cause_kind_check CHECK (cause_kind = ANY (ARRAY['activity'::text, 'value'::text, 'boundary'::text, 'enrolment'::text, 'publication'::text])),
    CONSTRAINT point_use_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT point_use_rule_length_check CHECK (char_length(rule) <= 64),
    CONSTRAINT point_use_slot_length_check CHECK (char_length(slot) >= 1 AND char_length(slot) <= 200),
    CONSTRAINT point_use_used_external_id_length_check CHECK (char_length(used_external_id) <= 200),
    CONSTRAINT point_use_used_source_length_check CHECK (char_length(used_source) <= 64)
);
ALTER TABLE point_use OWNER TO loyalty_owner;
ALTER TABLE point_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE point_use FORCE ROW LEVEL SECURITY;
CREATE INDEX point_use_by_lot ON point_use USING btree (business_id, lot_id);
CREATE INDEX point_use_owed ON point_use USING btree (business_id, member_id) WHERE lot_id IS NULL AND amount > 0;
CREATE POLICY app ON point_use FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON point_use FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON point_use TO loyalty_app;
GRANT UPDATE (amount) ON point_use TO loyalty_app;

CREATE TABLE profile (
    business_id uuid NOT NULL,
    member_id uuid NOT NULL,
    given_name text,
    family_name text,
    email text,
    phone text,
    birth_date date,
    locale text COLLATE "C",
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT profile_pkey PRIMARY KEY (business_id, member_id),
    CONSTRAINT profile_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT profile_email_length_check CHECK (char_length(email) >= 1 AND char_length(email) <= 320),
    CONSTRAINT profile_family_name_length_check CHECK (char_length(family_name) >= 1 AND char_length(family_name) <= 200),
    CONSTRAINT profile_given_name_length_check CHECK (char_length(given_name) >= 1 AND char_length(given_name) <= 200),
    CONSTRAINT profile_locale_length_check CHECK (char_length(locale) >= 1 AND char_length(locale) <= 35),
    CONSTRAINT profile_phone_length_check CHECK (char_length(phone) >= 1 AND char_length(phone) <= 32)
);
ALTER TABLE profile OWNER TO loyalty_owner;
ALTER TABLE profile ENABLE ROW LEVEL SECURITY;
ALTER TABLE profile FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON profile FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON profile FOR ALL TO loyalty_owner USING (true);
GRANT DELETE, INSERT, SELECT ON profile TO loyalty_app;
GRANT UPDATE (given_name, family_name, email, phone, birth_date, locale, updated_at) ON profile TO loyalty_app;

CREATE TABLE program_draft (
    business_id uuid NOT NULL,
    program_draft_id uuid NOT NULL,
    source text NOT NULL,
    hash text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid,
    CONSTRAINT program_draft_pkey PRIMARY KEY (business_id, program_draft_id),
    CONSTRAINT program_draft_business_id_created_by_fkey FOREIGN KEY (business_id, created_by) REFERENCES credential(business_id, credential_id),
    CONSTRAINT program_draft_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT program_draft_hash_length_check CHECK (char_length(hash) >= 1 AND char_length(hash) <= 100),
    CONSTRAINT program_draft_source_length_check CHECK (char_length(source) >= 1 AND char_length(source) <= 1000000)
);
ALTER TABLE program_draft OWNER TO loyalty_owner;
ALTER TABLE program_draft ENABLE ROW LEVEL SECURITY;
ALTER TABLE program_draft FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON program_draft FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON program_draft FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON program_draft TO loyalty_app;
CREATE TRIGGER program_draft_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON program_draft FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE program_version (
    business_id uuid NOT NULL,
    program_version_id uuid NOT NULL,
    version integer NOT NULL,
    source text NOT NULL,
    hash text COLLATE "C" NOT NULL,
    rule_versions jsonb NOT NULL,
    effective_at timestamp with time zone,
    published_at timestamp with time zone NOT NULL,
    published_by uuid,
    plan text,
    plan_hash text COLLATE "C",
    CONSTRAINT program_version_pkey PRIMARY KEY (business_id, program_version_id),
    CONSTRAINT program_version_business_id_version_key UNIQUE (business_id, version),
    CONSTRAINT program_version_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT program_version_business_id_published_by_fkey FOREIGN KEY (business_id, published_by) REFERENCES credential(business_id, credential_id),
    CONSTRAINT program_version_hash_length_check CHECK (char_length(hash) >= 1 AND char_length(hash) <= 100),
    CONSTRAINT program_version_only_the_first_has_no_beginning_check CHECK ((version = 1) = (effective_at IS NULL)),
    CONSTRAINT program_version_plan_hash_length_check CHECK (char_length(plan_hash) >= 1 AND char_length(plan_hash) <= 100),
    CONSTRAINT program_version_plan_is_hashed_check CHECK ((plan IS NULL) = (plan_hash IS NULL)),
    CONSTRAINT program_version_plan_length_check CHECK (char_length(plan) >= 1 AND char_length(plan) <= 100000),
    CONSTRAINT program_version_source_length_check CHECK (char_length(source) >= 1 AND char_length(source) <= 1000000),
    CONSTRAINT program_version_version_bounds_check CHECK (version >= 1)
);
ALTER TABLE program_version OWNER TO loyalty_owner;
ALTER TABLE program_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE program_version FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON program_version FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON program_version FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON program_version TO loyalty_app;
CREATE TRIGGER program_version_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON program_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE promotion (
    business_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    partner_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT promotion_pkey PRIMARY KEY (business_id, promotion_id),
    CONSTRAINT promotion_business_id_key_key UNIQUE (business_id, key),
    CONSTRAINT promotion_business_id_partner_id_fkey FOREIGN KEY (business_id, partner_id) REFERENCES partner(business_id, partner_id),
    CONSTRAINT promotion_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT promotion_key_length_check CHECK (char_length(key) >= 1 AND char_length(key) <= 64)
);
ALTER TABLE promotion OWNER TO loyalty_owner;
ALTER TABLE promotion ENABLE ROW LEVEL SECURITY;
ALTER TABLE promotion FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON promotion FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON promotion FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON promotion TO loyalty_app;

CREATE TABLE redemption (
    business_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    member_id uuid NOT NULL,
    reward_id uuid NOT NULL,
    version bigint NOT NULL,
    price bigint NOT NULL,
    tier text COLLATE "C",
    place bigint NOT NULL,
    member_limit bigint,
    redeemed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    delivery_transfer_id uuid,
    fulfilled_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    cancelled_fact_id uuid,
    restock_transfer_id uuid,
    CONSTRAINT redemption_pkey PRIMARY KEY (business_id, redemption_id),
    CONSTRAINT redemption_business_id_cancelled_fact_id_key UNIQUE (business_id, cancelled_fact_id),
    CONSTRAINT redemption_business_id_delivery_transfer_id_key UNIQUE (business_id, delivery_transfer_id),
    CONSTRAINT redemption_business_id_restock_transfer_id_key UNIQUE (business_id, restock_transfer_id),
    CONSTRAINT redemption_business_id_cancelled_fact_id_fkey FOREIGN KEY (business_id, cancelled_fact_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT redemption_business_id_delivery_transfer_id_fkey FOREIGN KEY (business_id, delivery_transfer_id) REFERENCES transfer(business_id, transfer_id),
    CONSTRAINT redemption_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT redemption_business_id_redemption_id_fkey FOREIGN KEY (business_id, redemption_id) REFERENCES fact(business_id, fact_id),
    CONSTRAINT redemption_business_id_restock_transfer_id_fkey FOREIGN KEY (business_id, restock_transfer_id) REFERENCES transfer(business_id, transfer_id),
    CONSTRAINT redemption_business_id_reward_id_version_fkey FOREIGN KEY (business_id, reward_id, version) REFERENCES reward_terms(business_id, reward_id, version),
    CONSTRAINT redemption_cancelled_by_a_return_check CHECK ((cancelled_fact_id IS NOT NULL) = (cancelled_at IS NOT NULL)),
    CONSTRAINT redemption_ends_in_time_check CHECK (fulfilled_at < expires_at AND cancelled_at < expires_at),
    CONSTRAINT redemption_expires_after_redeemed_check CHECK (expires_at > redeemed_at),
    CONSTRAINT redemption_one_end_check CHECK (num_nonnulls(fulfilled_at, cancelled_at) <= 1),
    CONSTRAINT redemption_price_bounds_check CHECK (price >= 1 AND price <= '9000000000000000'::bigint),
    CONSTRAINT redemption_restocked_when_cancelled_check CHECK ((restock_transfer_id IS NOT NULL) = (cancelled_at IS NOT NULL AND delivery_transfer_id IS NOT NULL)),
    CONSTRAINT redemption_tier_length_check CHECK (char_length(tier) >= 1 AND char_length(tier) <= 200),
    CONSTRAINT redemption_within_limit_check CHECK (place >= 1 AND (member_limit IS NULL OR place <= member_limit))
);
ALTER TABLE redemption OWNER TO loyalty_owner;
ALTER TABLE redemption ENABLE ROW LEVEL SECURITY;
ALTER TABLE redemption FORCE ROW LEVEL SECURITY;
CREATE INDEX redemption_by_member ON redemption USING btree (business_id, member_id, redeemed_at, redemption_id);
CREATE UNIQUE INDEX redemption_place ON redemption USING btree (business_id, reward_id, member_id, place) WHERE cancelled_at IS NULL;
CREATE POLICY app ON redemption FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON redemption FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON redemption TO loyalty_app;
GRANT UPDATE (fulfilled_at, cancelled_at, cancelled_fact_id, restock_transfer_id) ON redemption TO loyalty_app;
CREATE TRIGGER redemption_once BEFORE UPDATE ON redemption FOR EACH ROW EXECUTE FUNCTION allow_once('fulfilled_at', 'cancelled_at', 'cancelled_fact_id', 'restock_transfer_id');
CREATE TRIGGER redemption_stays BEFORE DELETE OR TRUNCATE ON redemption FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE reward (
    business_id uuid NOT NULL,
    reward_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    coupon_bearer boolean,
    coupon_on_return text COLLATE "C",
    created_at timestamp with time zone NOT NULL,
    credential_id uuid,
    CONSTRAINT reward_pkey PRIMARY KEY (business_id, reward_id),
    CONSTRAINT reward_business_id_key_key UNIQUE (business_id, key),
    CONSTRAINT reward_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT reward_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT reward_coupon_of_its_kind_check CHECK (num_nonnulls(coupon_bearer, coupon_on_return) =
CASE kind
    WHEN 'coupon'::text THEN 2
    ELSE 0
END),
    CONSTRAINT reward_coupon_on_return_check CHECK (coupon_on_return = ANY (ARRAY['release'::text, 'keep'::text])),
    CONSTRAINT reward_currency_length_check CHECK (char_length(currency) >= 1 AND char_length(currency) <= 64),
    CONSTRAINT reward_key_length_check CHECK (char_length(key) >= 1 AND char_length(key) <= 64),
    CONSTRAINT reward_kind_check CHECK (kind = ANY (ARRAY['goods'::text, 'service'::text, 'coupon'::text, 'discount'::text, 'draw_ticket'::text]))
);
ALTER TABLE reward OWNER TO loyalty_owner;
ALTER TABLE reward ENABLE ROW LEVEL SECURITY;
ALTER TABLE reward FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON reward FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON reward FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON reward TO loyalty_app;
CREATE TRIGGER reward_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON reward FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE reward_terms (
    business_id uuid NOT NULL,
    reward_id uuid NOT NULL,
    version bigint NOT NULL,
    names jsonb NOT NULL,
    price bigint NOT NULL,
    prices jsonb NOT NULL,
    eligible text[] COLLATE "C" NOT NULL,
    value_amount numeric(20,4),
    value_percent numeric(20,4),
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    redemption_days bigint,
    member_limit bigint,
    state text COLLATE "C" NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    credential_id uuid,
    CONSTRAINT reward_terms_pkey PRIMARY KEY (business_id, reward_id, version),
    CONSTRAINT reward_terms_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT reward_terms_business_id_reward_id_fkey FOREIGN KEY (business_id, reward_id) REFERENCES reward(business_id, reward_id),
    CONSTRAINT reward_terms_member_limit_bounds_check CHECK (member_limit >= 1 AND member_limit <= '9000000000000000'::bigint),
    CONSTRAINT reward_terms_one_value_check CHECK (num_nonnulls(value_amount, value_percent) <= 1),
    CONSTRAINT reward_terms_price_bounds_check CHECK (price >= 1 AND price <= '9000000000000000'::bigint),
    CONSTRAINT reward_terms_redemption_days_bounds_check CHECK (redemption_days >= 1 AND redemption_days <= 3660),
    CONSTRAINT reward_terms_state_check CHECK (state = ANY (ARRAY['active'::text, 'retired'::text])),
    CONSTRAINT reward_terms_valid_for_a_while_check CHECK (valid_until > valid_from),
    CONSTRAINT reward_terms_value_amount_bounds_check CHECK (value_amount >= 0::numeric AND value_amount <= '9000000000000000'::bigint::numeric),
    CONSTRAINT reward_terms_value_of_something_check CHECK (value_amount <> 0::numeric AND value_percent <> 0::numeric),
    CONSTRAINT reward_terms_value_percent_bounds_check CHECK (value_percent >= 0::numeric AND value_percent <= 100::numeric),
    CONSTRAINT reward_terms_version_bounds_check CHECK (version >= 1 AND version <= '9000000000000000'::bigint)
);
ALTER TABLE reward_terms OWNER TO loyalty_owner;
ALTER TABLE reward_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE reward_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON reward_terms FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON reward_terms FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON reward_terms TO loyalty_app;
CREATE TRIGGER reward_terms_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON reward_terms FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE settlement (
    business_id uuid NOT NULL,
    settlement_id uuid NOT NULL,
    partner_id uuid,
    until_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    credential_id uuid,
    CONSTRAINT settlement_pkey PRIMARY KEY (business_id, settlement_id),
    CONSTRAINT settlement_business_id_partner_id_until_at_key UNIQUE NULLS NOT DISTINCT (business_id, partner_id, until_at),
    CONSTRAINT settlement_business_id_credential_id_fkey FOREIGN KEY (business_id, credential_id) REFERENCES credential(business_id, credential_id),
    CONSTRAINT settlement_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT settlement_business_id_partner_id_fkey FOREIGN KEY (business_id, partner_id) REFERENCES partner(business_id, partner_id),
    CONSTRAINT settlement_only_the_past_check CHECK (until_at <= closed_at)
);
ALTER TABLE settlement OWNER TO loyalty_owner;
ALTER TABLE settlement ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON settlement FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON settlement FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON settlement TO loyalty_app;
CREATE TRIGGER settlement_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON settlement FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE simulation (
    business_id uuid NOT NULL,
    simulation_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    source text,
    plan text,
    effective_at timestamp with time zone,
    from_at timestamp with time zone,
    until_at timestamp with time zone,
    sample bigint,
    rulebook_version bigint NOT NULL,
    findings jsonb NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by uuid,
    state text COLLATE "C" NOT NULL,
    started_at timestamp with time zone,
    heartbeat_at timestamp with time zone,
    ended_at timestamp with time zone,
    failure text COLLATE "C",
    chunks bigint NOT NULL,
    attempts bigint NOT NULL,
    members bigint,
    members_done bigint NOT NULL,
    after_member_id uuid,
    through_member_id uuid,
    chosen jsonb,
    counted jsonb,
    moved jsonb,
    CONSTRAINT simulation_pkey PRIMARY KEY (business_id, simulation_id),
    CONSTRAINT simulation_business_id_asked_by_fkey FOREIGN KEY (business_id, asked_by) REFERENCES credential(business_id, credential_id),
    CONSTRAINT simulation_business_id_fkey FOREIGN KEY (business_id) REFERENCES business(business_id),
    CONSTRAINT simulation_attempts_bounds_check CHECK (attempts >= 0 AND attempts <= 3),
    CONSTRAINT simulation_backtest_of_a_period_check CHECK (num_nonnulls(from_at, until_at) =
CASE kind
    WHEN 'backtest'::text THEN 2
    ELSE 0
END),
    CONSTRAINT simulation_backtest_of_a_sample_check CHECK (sample IS NULL OR kind = 'backtest'::text),
    CONSTRAINT simulation_begins_before_it_ends_check CHECK (from_at < until_at),
    CONSTRAINT simulation_chunks_bounds_check CHECK (chunks >= 0 AND chunks <= '9000000000000000'::bigint),
    CONSTRAINT simulation_ended_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text])) = (ended_at IS NULL)),
    CONSTRAINT simulation_failed_for_a_reason_check CHECK ((state = 'failed'::text) = (failure IS NOT NULL)),
    CONSTRAINT simulation_failure_check CHECK (failure = ANY (ARRAY['overtaken'::text, 'program'::text, 'defect'::text, 'lost'::text])),
    CONSTRAINT simulation_forgotten_when_ended_check CHECK (source IS NOT NULL OR ended_at IS NOT NULL),
    CONSTRAINT simulation_forgotten_whole_check CHECK (source IS NOT NULL OR num_nonnulls(chosen, counted, moved) = 0),
    CONSTRAINT simulation_kind_check CHECK (kind = ANY (ARRAY['preview'::text, 'backtest'::text])),
    CONSTRAINT simulation_members_bounds_check CHECK (members >= 0 AND members <= '9000000000000000'::bigint),
    CONSTRAINT simulation_members_done_bounds_check CHECK (members_done >= 0 AND members_done <= '9000000000000000'::bigint),
    CONSTRAINT simulation_plan_length_check CHECK (char_length(plan) >= 1 AND char_length(plan) <= 100000),
    CONSTRAINT simulation_preview_of_an_instant_check CHECK ((kind = 'preview'::text) = (effective_at IS NOT NULL)),
    CONSTRAINT simulation_rulebook_version_bounds_check CHECK (rulebook_version >= 1 AND rulebook_version <= '9000000000000000'::bigint),
    CONSTRAINT simulation_sample_bounds_check CHECK (sample >= 1 AND sample <= 5000),
    CONSTRAINT simulation_source_length_check CHECK (char_length(source) >= 1 AND char_length(source) <= 1000000),
    CONSTRAINT simulation_started_check CHECK ((state <> ALL (ARRAY['running'::text, 'done'::text])) OR started_at IS NOT NULL),
    CONSTRAINT simulation_state_check CHECK (state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text]))
);
ALTER TABLE simulation OWNER TO loyalty_owner;
ALTER TABLE simulation ENABLE ROW LEVEL SECURITY;
ALTER TABLE simulation FORCE ROW LEVEL SECURITY;
CREATE INDEX simulation_by_time ON simulation USING btree (business_id, asked_at, simulation_id);
CREATE INDEX simulation_open ON simulation USING btree (business_id, asked_at, simulation_id) WHERE state = ANY (ARRAY['queued'::text, 'running'::text]);
CREATE POLICY app ON simulation FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON simulation FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON simulation TO loyalty_app;
GRANT UPDATE (source, state, started_at, heartbeat_at, ended_at, failure, chunks, attempts, members, members_done, after_member_id, through_member_id, chosen, counted, moved) ON simulation TO loyalty_app;
CREATE TRIGGER simulation_ended BEFORE UPDATE ON simulation FOR EACH ROW WHEN (new.source <> old.source OR old.ended_at IS NOT NULL AND (new.source IS NOT NULL OR new.state <> old.state)) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER simulation_only BEFORE UPDATE ON simulation FOR EACH ROW EXECUTE FUNCTION allow_only('state', 'started_at', 'heartbeat_at', 'ended_at', 'failure', 'chunks', 'attempts', 'members', 'members_done', 'after_member_id', 'through_member_id', 'source', 'chosen', 'counted', 'moved');
CREATE TRIGGER simulation_stays BEFORE DELETE OR TRUNCATE ON simulation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE standing (
    business_id uuid NOT NULL,
    standing_id uuid NOT NULL,
    member_id uuid NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    from_tier text COLLATE "C",
    to_tier text COLLATE "C" NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    is_boundary boolean NOT NULL,
    source text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    ruling jsonb NOT NULL,
    effect_id uuid NOT NULL,
    withdrawn_effect_id uuid,
    CONSTRAINT standing_pkey PRIMARY KEY (business_id, standing_id),
    CONSTRAINT standing_business_id_effect_id_key UNIQUE (business_id, effect_id),
    CONSTRAINT standing_business_id_effect_id_fkey FOREIGN KEY (business_id, effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT standing_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT standing_business_id_withdrawn_effect_id_fkey FOREIGN KEY (business_id, withdrawn_effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT standing_a_change_check CHECK (from_tier <> to_tier),
    CONSTRAINT standing_boundary_check CHECK (NOT is_boundary OR source = ''::text AND external_id = ''::text),
    CONSTRAINT standing_external_id_length_check CHECK (char_length(external_id) <= 200),
    CONSTRAINT standing_from_tier_length_check CHECK (char_length(from_tier) >= 1 AND char_length(from_tier) <= 64),
    CONSTRAINT standing_ladder_length_check CHECK (char_length(ladder) >= 1 AND char_length(ladder) <= 64),
    CONSTRAINT standing_source_length_check CHECK (char_length(source) <= 64),
    CONSTRAINT standing_to_tier_length_check CHECK (char_length(to_tier) >= 1 AND char_length(to_tier) <= 64),
    CONSTRAINT standing_withdrawn_by_another_check CHECK (withdrawn_effect_id <> effect_id)
);
ALTER TABLE standing OWNER TO loyalty_owner;
ALTER TABLE standing ENABLE ROW LEVEL SECURITY;
ALTER TABLE standing FORCE ROW LEVEL SECURITY;
CREATE UNIQUE INDEX standing_place ON standing USING btree (business_id, member_id, ladder, effective_at, is_boundary, source, external_id) WHERE withdrawn_effect_id IS NULL;
CREATE POLICY app ON standing FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON standing FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON standing TO loyalty_app;
GRANT UPDATE (withdrawn_effect_id) ON standing TO loyalty_app;
CREATE TRIGGER standing_once BEFORE UPDATE ON standing FOR EACH ROW EXECUTE FUNCTION allow_once('withdrawn_effect_id');
CREATE TRIGGER standing_stays BEFORE DELETE OR TRUNCATE ON standing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE transfer (
    business_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    effect_id uuid,
    member_id uuid,
    code text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    debit_account_id uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    amount bigint NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    reverses_transfer_id uuid,
    CONSTRAINT transfer_pkey PRIMARY KEY (business_id, transfer_id),
    CONSTRAINT transfer_business_id_credit_account_id_currency_fkey FOREIGN KEY (business_id, credit_account_id, currency) REFERENCES account(business_id, account_id, currency),
    CONSTRAINT transfer_business_id_debit_account_id_currency_fkey FOREIGN KEY (business_id, debit_account_id, currency) REFERENCES account(business_id, account_id, currency),
    CONSTRAINT transfer_business_id_effect_id_fkey FOREIGN KEY (business_id, effect_id) REFERENCES effect(business_id, effect_id),
    CONSTRAINT transfer_business_id_member_id_fkey FOREIGN KEY (business_id, member_id) REFERENCES member(business_id, member_id),
    CONSTRAINT transfer_business_id_reverses_transfer_id_fkey FOREIGN KEY (business_id, reverses_transfer_id) REFERENCES transfer(business_id, transfer_id),
    CONSTRAINT transfer_amount_bounds_check CHECK (amount >= 1 AND amount <= '9000000000000000'::bigint),
    CONSTRAINT transfer_code_check CHECK (code = ANY (ARRAY['earn'::text, 'partner_award'::text, 'repay_debt'::text, 'expire'::text, 'take_back'::text, 'owe'::text, 'open_budget'::text, 'withhold'::text, 'release'::text, 'redeem'::text, 'give_back'::text, 'hold'::text, 'unhold'::text, 'capture'::text, 'send'::text, 'receive'::text, 'give'::text, 'use_quota'::text, 'adjust'::text, 'merge'::text, 'supply'::text, 'write_off'::text, 'deliver'::text, 'restock'::text])),
    CONSTRAINT transfer_effect_of_its_code_check CHECK ((code = ANY (ARRAY['open_budget'::text, 'supply'::text, 'write_off'::text, 'deliver'::text, 'restock'::text])) = (effect_id IS NULL) AND (effect_id IS NULL) = (member_id IS NULL)),
    CONSTRAINT transfer_not_in_the_future_check CHECK ((effective_at - recorded_at) <= '00:05:00'::interval),
    CONSTRAINT transfer_reverses_another_check CHECK (reverses_transfer_id <> transfer_id),
    CONSTRAINT transfer_two_accounts_check CHECK (debit_account_id <> credit_account_id)
);
ALTER TABLE transfer OWNER TO loyalty_owner;
ALTER TABLE transfer ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfer FORCE ROW LEVEL SECURITY;
CREATE INDEX transfer_by_effect ON transfer USING btree (business_id, effect_id);
CREATE INDEX transfer_by_member ON transfer USING btree (business_id, member_id, currency, recorded_at, transfer_id);
CREATE INDEX transfer_reversing ON transfer USING btree (business_id, reverses_transfer_id) WHERE reverses_transfer_id IS NOT NULL;
CREATE POLICY app ON transfer FOR ALL TO loyalty_app USING (business_id = current_business());
CREATE POLICY owner ON transfer FOR ALL TO loyalty_owner USING (true);
GRANT INSERT, SELECT ON transfer TO loyalty_app;
CREATE TRIGGER transfer_moves AFTER INSERT ON transfer REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION move_balances();
CREATE TRIGGER transfer_reversal AFTER INSERT ON transfer FOR EACH ROW WHEN (new.reverses_transfer_id IS NOT NULL) EXECUTE FUNCTION refuse_excess_reversal();
CREATE TRIGGER transfer_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION allow_once() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := to_jsonb(old);
    after jsonb := to_jsonb(new);
    allowed text;
BEGIN
    FOREACH allowed IN ARRAY tg_argv LOOP
        IF before ->> allowed IS NOT NULL AND before -> allowed <> after -> allowed THEN
            RAISE EXCEPTION '%.% is set once', tg_table_name, allowed
                USING ERRCODE = 'restrict_violation', TABLE = tg_table_name, COLUMN = allowed;
        END IF;
    END LOOP;
    IF before - tg_argv <> after - tg_argv THEN
        RAISE EXCEPTION 'rows of % stay as they are, but for %', tg_table_name, array_to_string(tg_argv, ', ')
            USING ERRCODE = 'restrict_violation', TABLE = tg_table_name;
    END IF;
    RETURN new;
END
$$;
ALTER FUNCTION allow_once OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION allow_once TO PUBLIC;

CREATE FUNCTION allow_only() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    IF to_jsonb(old) - tg_argv <> to_jsonb(new) - tg_argv THEN
        RAISE EXCEPTION 'rows of % stay as they are, but for %', tg_table_name, array_to_string(tg_argv, ', ')
            USING ERRCODE = 'restrict_violation', TABLE = tg_table_name;
    END IF;
    RETURN new;
END
$$;
ALTER FUNCTION allow_only OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION allow_only TO PUBLIC;

CREATE FUNCTION authenticate(key_id text) RETURNS TABLE(business_id uuid, credential_id uuid, kind text, name text, key_hash bytea, environment text, scopes text[], sources text[], partner_id uuid, expires_at timestamp with time zone, revoked_at timestamp with time zone) LANGUAGE sql STABLE SECURITY DEFINER SET search_path=pg_catalog, pg_temp AS $$
    SELECT c.business_id, c.credential_id, c.kind, c.name, c.key_hash, c.environment,
           c.scopes, c.sources, c.partner_id, c.expires_at, c.revoked_at
    FROM public.credential c
    WHERE c.key_id = $1
$$;
ALTER FUNCTION authenticate OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION authenticate TO loyalty_app;

CREATE FUNCTION count_coupon_use() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.coupon c SET used = c.used + CASE tg_op WHEN 'INSERT' THEN 1 ELSE -1 END
    WHERE c.business_id = new.business_id AND c.coupon_id = new.coupon_id;
    RETURN NULL;
END
$$;
ALTER FUNCTION count_coupon_use OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION count_coupon_use TO PUBLIC;

CREATE FUNCTION current_business() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE RETURN (NULLIF(current_setting('loyalty.business_id'::text, true), ''::text))::uuid;
ALTER FUNCTION current_business OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION current_business TO PUBLIC;

CREATE FUNCTION due(now timestamp with time zone, at_most integer) RETURNS TABLE(business_id uuid, work text, member_id uuid, next_boundary_at timestamp with time zone) LANGUAGE sql STABLE SECURITY DEFINER SET search_path=pg_catalog, pg_temp AS $$
    SELECT d.business_id, d.work, d.member_id, d.next_boundary_at
    FROM public.business b
    CROSS JOIN LATERAL (
        (SELECT m.business_id, 'boundary' AS work, m.member_id, m.next_boundary_at,
                row_number() OVER (ORDER BY m.next_boundary_at, m.member_id) AS place
         FROM public.member m
         WHERE m.business_id = b.business_id AND m.next_boundary_at <= coalesce(b.clock_at, $1)
         ORDER BY m.next_boundary_at, m.member_id
         LIMIT $2)
        UNION ALL
        (SELECT b.business_id, 'boundary', behind.member_id, v.effective_at, behind.place
         FROM (SELECT max(p.version) AS version, max(p.effective_at) AS effective_at
               FROM public.program_version p
               WHERE p.business_id = b.business_id AND p.effective_at <= coalesce(b.clock_at, $1)) v
         CROSS JOIN LATERAL (
             SELECT m.member_id, row_number() OVER (ORDER BY m.rulebook_version, m.member_id) AS place
             FROM public.member m
             WHERE m.business_id = b.business_id AND m.rulebook_version < v.version
               AND (m.next_boundary_at IS NULL OR m.next_boundary_at > coalesce(b.clock_at, $1))
             ORDER BY m.rulebook_version, m.member_id
             LIMIT $2) behind)
        UNION ALL
        (SELECT a.business_id, 'vote', a.member_id, a.closes_at,
                row_number() OVER (ORDER BY a.closes_at, a.member_id)
         FROM public.application a
         WHERE a.business_id = b.business_id AND a.closes_at <= coalesce(b.clock_at, $1)
         ORDER BY a.closes_at, a.member_id
         LIMIT $2)
        UNION ALL
        SELECT b.business_id, 'events', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.outbox o WHERE o.business_id = b.business_id AND o.position IS NULL)
        UNION ALL
        SELECT b.business_id, 'simulation', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.simulation s
            WHERE s.business_id = b.business_id AND s.state IN ('queued', 'running'))
        UNION ALL
        SELECT b.business_id, 'repair', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.parked p WHERE p.business_id = b.business_id AND p.resolved_at IS NULL)
    ) d
    ORDER BY d.place, d.next_boundary_at, d.business_id, d.work, d.member_id
    LIMIT $2
$$;
ALTER FUNCTION due OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION due TO loyalty_app;

CREATE FUNCTION move_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path=pg_catalog, pg_temp AS $$
DECLARE
    account record;
BEGIN
    FOR account IN
        SELECT m.business_id, m.account_id, sum(m.change) AS change
        FROM (SELECT t.business_id, t.credit_account_id AS account_id, t.amount AS change FROM moved t
              UNION ALL
              SELECT t.business_id, t.debit_account_id, -t.amount FROM moved t) m
        GROUP BY m.business_id, m.account_id ORDER BY m.business_id, m.account_id
    LOOP
        UPDATE public.account a
        SET balance = greatest(least(a.balance + account.change, 9000000000000001), -9000000000000001)
        WHERE a.business_id = account.business_id AND a.account_id = account.account_id
          AND a.balance IS NOT NULL AND account.change <> 0;
    END LOOP;
    RETURN NULL;
END
$$;
ALTER FUNCTION move_balances OWNER TO loyalty_owner;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % stay as they are', tg_table_name
        USING ERRCODE = 'restrict_violation', TABLE = tg_table_name;
END
$$;
ALTER FUNCTION refuse_change OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION refuse_change TO PUBLIC;

CREATE FUNCTION refuse_excess_return() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path=pg_catalog, pg_temp AS $$
DECLARE
    original public.fact;
    amounts numeric;
    units numeric;
BEGIN
    SELECT * INTO STRICT original FROM public.fact f
    WHERE f.business_id = new.business_id AND f.fact_id = new.reverses_fact_id
    FOR NO KEY UPDATE;
    IF original.member_id <> new.member_id THEN
        RAISE EXCEPTION 'a return is of what the member did itself'
            USING ERRCODE = 'check_violation', TABLE = 'fact', CONSTRAINT = 'fact_returned_by_its_member';
    END IF;
    SELECT -sum(f.amount), -sum(f.units) INTO amounts, units FROM public.fact f
    WHERE f.business_id = new.business_id AND f.reverses_fact_id = new.reverses_fact_id;
    IF amounts > greatest(original.amount, 0) OR units > greatest(original.units, 0) THEN
        RAISE EXCEPTION 'the returns of an activity exceed it'
            USING ERRCODE = 'check_violation', TABLE = 'fact', CONSTRAINT = 'fact_returns_within';
    END IF;
    RETURN NULL;
END
$$;
ALTER FUNCTION refuse_excess_return OWNER TO loyalty_owner;

CREATE FUNCTION refuse_excess_reversal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path=pg_catalog, pg_temp AS $$
DECLARE
    original public.transfer;
    reversed numeric;
BEGIN
    SELECT * INTO STRICT original FROM public.transfer t
    WHERE t.business_id = new.business_id AND t.transfer_id = new.reverses_transfer_id
    FOR NO KEY UPDATE;
    IF (original.debit_account_id, original.credit_account_id)
        <> (new.credit_account_id, new.debit_account_id) THEN
        RAISE EXCEPTION 'a reversal goes the other way between the same accounts'
            USING ERRCODE = 'check_violation', TABLE = 'transfer', CONSTRAINT = 'transfer_reversal_goes_back';
    END IF;
    SELECT sum(t.amount) INTO reversed FROM public.transfer t
    WHERE t.business_id = new.business_id AND t.reverses_transfer_id = new.reverses_transfer_id;
    IF reversed > original.amount THEN
        RAISE EXCEPTION 'the reversals of a transfer exceed it'
            USING ERRCODE = 'check_violation', TABLE = 'transfer', CONSTRAINT = 'transfer_reversals_within';
    END IF;
    RETURN NULL;
END
$$;
ALTER FUNCTION refuse_excess_reversal OWNER TO loyalty_owner;

CREATE FUNCTION refuse_filled_account() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'an account is opened with nothing in it'
        USING ERRCODE = 'check_violation', TABLE = 'account', CONSTRAINT = 'account_opens_empty';
END
$$;
ALTER FUNCTION refuse_filled_account OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION refuse_filled_account TO PUBLIC;

CREATE FUNCTION refuse_going_back() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the time of a member goes forward'
        USING ERRCODE = 'restrict_violation', TABLE = 'member', COLUMN = 'last_recorded_at';
END
$$;
ALTER FUNCTION refuse_going_back OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION refuse_going_back TO PUBLIC;

CREATE FUNCTION refuse_joining_later() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'joining moves back only'
        USING ERRCODE = 'restrict_violation', TABLE = 'member', COLUMN = 'enrolled_at';
END
$$;
ALTER FUNCTION refuse_joining_later OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION refuse_joining_later TO PUBLIC;

CREATE FUNCTION refuse_merge_into_merged() RETURNS trigger LANGUAGE plpgsql SET search_path=pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.merge g WHERE g.business_id = new.business_id
               AND g.absorbed_id = new.survivor_id AND g.is_direct) THEN
        RAISE EXCEPTION 'member % was merged itself', new.survivor_id
            USING ERRCODE = 'integrity_constraint_violation', TABLE = tg_table_name;
    END IF;
    RETURN new;
END
$$;
ALTER FUNCTION refuse_merge_into_merged OWNER TO loyalty_owner;
GRANT EXECUTE ON FUNCTION refuse_merge_into_merged TO PUBLIC;
