//! What holds of money whatever is done with it: any text, any price, any sequence of jobs,
//! payments and corrections.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share stops a test as the test itself would"
)]

use ghub_core::account::{Account, Change};
use ghub_core::audit::{Books, Of, Posting, Standing, Stated};
use ghub_core::id::{JobId, OrgId};
use ghub_core::money::{Money, MoneyOverflow};
use ghub_core::pricing::{Factor, Price};
use ghub_core::status::Status;
use ghub_core::time::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

/// Something that happens to an account. A job is chosen among those that are open, or that were
/// charged, by its place among them.
#[derive(Debug, Clone)]
enum Event {
    Hold(Money),
    Settle(usize),
    Release(usize),
    Recharge(Money),
    Adjustment(Money),
    Refund(usize),
    CreditLimit(Money),
}

/// What the store keeps beside the account.
#[derive(Debug, Default)]
struct Beside {
    jobs: Vec<(Money, Status)>,
    refunded: Vec<bool>,
    ledger: Vec<(Money, Of)>,
}

fn id(job: usize) -> JobId {
    JobId::from_uuid(Uuid::from_u128(u128::try_from(job).unwrap()))
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Up to ten thousand pesos; whatever overflows is tested below.
    let cost = || (0..10_000_000_000_i64).prop_map(Money::from_micros);
    let correction = (-10_000_000_000..10_000_000_000_i64).prop_map(Money::from_micros);
    let event = prop_oneof![
        4 => cost().prop_map(Event::Hold),
        3 => any::<usize>().prop_map(Event::Settle),
        2 => any::<usize>().prop_map(Event::Release),
        1 => cost().prop_map(Event::Recharge),
        1 => correction.prop_map(Event::Adjustment),
        1 => any::<usize>().prop_map(Event::Refund),
        1 => cost().prop_map(Event::CreditLimit),
    ];
    prop::collection::vec(event, 0..60)
}

impl Beside {
    fn of_status(&self, wanted: impl Fn(usize, Status) -> bool, place: usize) -> Option<usize> {
        let fitting: Vec<_> =
            (0..self.jobs.len()).filter(|job| wanted(*job, self.jobs[*job].1)).collect();
        (!fitting.is_empty()).then(|| fitting[place % fitting.len()])
    }

    /// What the event does to the account; `None` when there is no job that it could happen to.
    fn happens(&mut self, event: &Event) -> Option<Change> {
        let open = |_: usize, status: Status| status == Status::Processing;
        Some(match *event {
            Event::Hold(cost) => {
                self.jobs.push((cost, Status::Processing));
                self.refunded.push(false);
                Change::hold(cost)
            }
            Event::Settle(place) => {
                let job = self.of_status(open, place)?;
                self.jobs[job].1 = Status::Completed;
                let change = Change::settle(self.jobs[job].0).unwrap();
                if change.entries > 0 {
                    self.ledger.push((change.balance, Of::Consumption(id(job))));
                }
                change
            }
            Event::Release(place) => {
                let job = self.of_status(open, place)?;
                self.jobs[job].1 = Status::Failed;
                Change::release(self.jobs[job].0).unwrap()
            }
            Event::Recharge(amount) | Event::Adjustment(amount) => self.posts(amount, Of::Other),
            Event::Refund(place) => {
                let refunded = self.refunded.clone();
                let job = self.of_status(
                    |job, status| status == Status::Completed && !refunded[job],
                    place,
                )?;
                self.refunded[job] = true;
                self.posts(self.jobs[job].0, Of::Refund(id(job)))
            }
            Event::CreditLimit(_) => Change { entries: 0, ..Change::posting(Money::ZERO) },
        })
    }

    fn posts(&mut self, amount: Money, of: Of) -> Change {
        self.ledger.push((amount, of));
        Change::posting(amount)
    }

    fn books(&self) -> Books {
        let now = Timestamp::from_unix_s(1_782_415_166);
        let mut books = Books::at(now);
        let mut balance_after = Money::ZERO;
        for (&(amount, of), sequence) in self.ledger.iter().zip(1..) {
            balance_after = balance_after.plus(amount).unwrap();
            books.posted(Posting { amount, of, sequence, balance_after }).unwrap();
        }
        for (job, &(cost, status)) in self.jobs.iter().enumerate() {
            let indexed = status == Status::Processing;
            books.job(Standing { job: id(job), status, cost, created: now, indexed }).unwrap();
        }
        books
    }
}

fn sum(amounts: impl Iterator<Item = Money>) -> i64 {
    amounts.map(Money::micros).sum()
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_sums(events in events()) {
        let mut account = Account::new(OrgId::from_uuid(Uuid::nil()));
        let mut available = Money::ZERO; // kept by additions, as the store keeps it
        let mut beside = Beside::default();
        for event in &events {
            let Some(change) = beside.happens(event) else { continue };
            account = account.after(change).unwrap();
            available = available.plus(change.available().unwrap()).unwrap();
            if let Event::CreditLimit(limit) = *event {
                available = available.plus(limit.minus(account.credit_limit).unwrap()).unwrap();
                account.credit_limit = limit;
            }

            let open: Vec<_> = beside.jobs.iter().filter(|(_, status)| *status == Status::Processing).collect();
            prop_assert_eq!(account.balance.micros(), sum(beside.ledger.iter().map(|(amount, _)| *amount)));
            prop_assert_eq!(usize::try_from(account.entries).unwrap(), beside.ledger.len());
            prop_assert_eq!(account.held.micros(), sum(open.iter().map(|(cost, _)| *cost)));
            prop_assert_eq!(usize::try_from(account.open_jobs).unwrap(), open.len());
            prop_assert_eq!(account.available().unwrap(), available);
            prop_assert_eq!(
                available.micros(),
                account.balance.micros() - account.held.micros() + account.credit_limit.micros()
            );
        }
        let Account { balance, entries, held, credit_limit, revision, open_jobs, .. } = account;
        let open_jobs = i64::from(open_jobs);
        let stated = Stated { balance, entries, held, credit_limit, available, open_jobs, revision };
        prop_assert_eq!(beside.books().differences(&stated).unwrap(), vec![], "the audit agrees");
    }

    #[test]
    fn an_audit_finds_a_millionth(events in events(), off in prop_oneof![Just(-1_i64), Just(1)], which in 0..5) {
        let mut account = Account::new(OrgId::from_uuid(Uuid::nil()));
        let mut beside = Beside::default();
        for event in &events {
            let Some(change) = beside.happens(event) else { continue };
            account = account.after(change).unwrap();
        }
        let by = |amount: Money, wanted: i32| {
            if which == wanted { Money::from_micros(amount.micros() + off) } else { amount }
        };
        let stated = Stated {
            balance: by(account.balance, 0),
            entries: if which == 4 { account.entries.wrapping_add_signed(off) } else { account.entries },
            held: by(account.held, 1),
            credit_limit: Money::ZERO,
            available: by(account.available().unwrap(), 2),
            open_jobs: i64::from(account.open_jobs) + if which == 3 { off } else { 0 },
            revision: account.revision,
        };
        prop_assert_ne!(beside.books().differences(&stated).unwrap(), vec![]);
    }

    #[test]
    fn sums_are_right_or_an_error(a in any::<i64>(), b in any::<i64>()) {
        let (left, right) = (Money::from_micros(a), Money::from_micros(b));
        prop_assert_eq!(left.plus(right), fitting(i128::from(a) + i128::from(b)));
        prop_assert_eq!(left.minus(right), fitting(i128::from(a) - i128::from(b)));
        prop_assert_eq!(left.negated(), fitting(-i128::from(a)));
    }

    #[test]
    fn an_account_overflows_with_an_error_and_stays_as_it_was(balance in any::<i64>(), held in any::<i64>(), amount in any::<i64>()) {
        let money = Money::from_micros;
        let account = Account {
            balance: money(balance),
            held: money(held),
            ..Account::new(OrgId::from_uuid(Uuid::nil()))
        };
        let available = account.available();
        prop_assert_eq!(available, fitting(i128::from(balance) - i128::from(held)));
        let posted = account.after(Change::posting(money(amount))).map(|after| after.balance);
        prop_assert_eq!(posted, fitting(i128::from(balance) + i128::from(amount)));
        let taken = account.after(Change::hold(money(amount))).map(|after| after.held);
        prop_assert_eq!(taken, fitting(i128::from(held) + i128::from(amount)));
        prop_assert_eq!(account.after(Change { open_jobs: -1, ..Change::posting(Money::ZERO) }), Err(MoneyOverflow));
    }

    #[test]
    fn every_amount_survives_its_text(micros in any::<i64>()) {
        let text = Money::from_micros(micros).to_string();
        let places = text.split_once('.').unwrap().1.len();
        prop_assert!((2..=6).contains(&places), "{}", text);
        prop_assert!(places == 2 || !text.ends_with('0'), "{}", text);
        match text.parse::<Money>() {
            Ok(read) => prop_assert_eq!(read.micros(), micros),
            Err(_) => prop_assert_eq!(micros, i64::MIN, "the only one whose magnitude fits nowhere"),
        }
    }

    /// Whatever is read is what stands there: no digit is dropped, and nothing else is taken for a
    /// number.
    #[test]
    fn a_text_is_read_exactly_or_not_at_all(text in "-?[0-9]{0,14}(\\.[0-9]{0,8})?|[-+.0-9e ]{0,12}") {
        let Ok(read) = text.parse::<Money>() else { return Ok(()) };
        let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        prop_assert!(fraction.len() <= 6 && !whole.is_empty() && !fraction.is_empty(), "{}", text);
        let magnitude: i128 = format!("{whole}{fraction:0<6}").parse().unwrap();
        prop_assert_eq!(i128::from(read.micros()), if negative { -magnitude } else { magnitude });
    }

    /// The one rounding: the result is the whole millionth that is nearest to the exact product,
    /// the upper one of two.
    #[test]
    fn a_cost_is_rounded_once_half_up(usd in factor(), markup in factor(), fx in factor(), seconds in 0..100_000_u32) {
        let factor = Factor::from_millionths;
        let price = Price { usd_per_second: factor(usd), markup: factor(markup), fx_mxn_per_usd: factor(fx) };
        let exact = i128::from(usd) * i128::from(markup) * i128::from(fx) * i128::from(seconds);
        match price.cost_rounded_half_up(seconds) {
            Ok(cost) => {
                let off = i128::from(cost.micros()) * SCALE - exact;
                prop_assert!(-SCALE / 2 < off && off <= SCALE / 2, "{} off by {}", cost, off);
            }
            Err(MoneyOverflow) => prop_assert!((exact + SCALE / 2) / SCALE > i128::from(i64::MAX)),
        }
    }

    #[test]
    fn a_longer_or_dearer_video_never_costs_less(usd in factor(), more in factor(), seconds in 0..10_000_u32, longer in 0..10_000_u32) {
        let factor = Factor::from_millionths;
        let price = |usd| Price { usd_per_second: factor(usd), markup: factor(1_050_000), fx_mxn_per_usd: factor(20_000_000) };
        let cost = |usd, seconds| price(usd).cost_rounded_half_up(seconds).unwrap();
        prop_assert!(cost(usd, seconds) <= cost(usd + more, seconds));
        prop_assert!(cost(usd, seconds) <= cost(usd, seconds + longer));
    }
}

/// Millionths of a millionth: what a product of three factors counts in, over what money counts in.
const SCALE: i128 = 1_000_000_000_000;

/// Up to a thousand dollars, per cents or pesos.
fn factor() -> impl Strategy<Value = i64> {
    prop_oneof![0..10_i64, 0..1_000_000_000_i64]
}

fn fitting(exact: i128) -> Result<Money, MoneyOverflow> {
    i64::try_from(exact).map(Money::from_micros).map_err(|_| MoneyOverflow)
}
