#include "app/services/operators.h"

#include "app/services/proven_entry.h"
#include "keystore/crypto/digest.h"
#include "keystore/crypto/secret_bytes.h"
#include "keystore/secrets/pin_source.h"

#include <algorithm>

namespace sealift {

void forgetSecret(QByteArray& secret) {
  zeroize(secret);
}

void SignIn::forget() {
  forgetSecret(password);
}
namespace {

constexpr qsizetype kNameMaxChars = 64;
constexpr qsizetype kPasswordMinChars = 8;  // NIST SP 800-63B section 5.1.1.1
constexpr std::size_t kPasswordMaxBytes = 1024;

// From the third wrong password on an account is locked: half a minute, doubled each time, a quarter of an hour at
// most.
constexpr int kFreeTries = 3;
constexpr qint64 kFirstWaitMs = 30'000;
constexpr qint64 kLongestWaitMs = 900'000;

const QString kAccountFamily = QStringLiteral("account");
const QString kCommitment = QStringLiteral("commitment");
const QString kAccounts = QStringLiteral("accounts");

QString keyOf(const QString& name) {
  return name.trimmed().normalized(QString::NormalizationForm_KC).toCaseFolded();
}

// What must not change without the log telling: everything but the count of wrong passwords.
QString commitmentOf(const OperatorRow& row) {
  const QStringList parts{QStringLiteral("sealift account v1"), row.key, row.name, row.role, row.password};
  return QString::fromLatin1(sha256(parts.join(QChar(u'\0')).toUtf8()).toHex());
}

Result<SecretBytes> secretOf(const SignIn& signIn) {
  SecretBytes secret;
  if (signIn.passwordFile.isEmpty()) {
    secret = SecretBytes(QByteArrayView(signIn.password));
  } else {
    FilePinSource file(signIn.passwordFile);
    SEALIFT_TRY(secret, file.ask({.kind = PinKind::Passphrase, .keeper = signIn.name}));
  }
  if (secret.isEmpty() || secret.size() > kPasswordMaxBytes) {
    return fail(ErrorCode::KeyPin, QStringLiteral("The password is empty or too long."));
  }
  return secret;
}

Result<QString> newPassword(const SignIn& signIn, const ScryptCost& cost) {
  SEALIFT_TRY(const SecretBytes secret, secretOf(signIn));
  if (QString::fromUtf8(secret.view()).size() < kPasswordMinChars) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A password has at least %1 characters.").arg(kPasswordMinChars),
                QStringLiteral("Choose a longer one; several words are good."));
  }
  return hashPassword(secret, cost);
}

// A name that nobody has takes as long as a wrong password.
const QString& nobodysPassword() {
  static const QString kStored = hashPassword(SecretBytes(QByteArrayView("nobody's password"))).value_or(QString());
  return kStored;
}

Error wrongSignIn() {
  return makeError(ErrorCode::OperatorSignIn, QStringLiteral("The name or the password is wrong."));
}

Error altered(const QString& what) {
  return makeError(ErrorCode::OperatorAltered, what);
}

// How many accounts the log says there are.
Result<int> recordedAccounts(const StationCore& core) {
  SEALIFT_TRY(const std::optional<AuditRecord> newest, newestProven(core, kAccountFamily, {}));
  return newest ? newest->details[kAccounts].toInt() : 0;
}

}  // namespace

bool Operators::isSameName(const QString& a, const QString& b) {
  return keyOf(a) == keyOf(b);
}

Result<bool> Operators::exist() const {
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  SEALIFT_TRY(const int recorded, recordedAccounts(core_));
  return !rows.isEmpty() || recorded > 0;
}

Result<QList<OperatorView>> Operators::list() const {
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  QList<OperatorView> views;
  for (const OperatorRow& row : rows) {
    views << OperatorView{row.name, row.role, QDateTime::fromMSecsSinceEpoch(row.changedMs, Qt::UTC), waitMs(row) > 0,
                          !checkRow(row)};
  }
  return views;
}

Status Operators::checkRow(const OperatorRow& row) const {
  SEALIFT_TRY(const std::optional<AuditRecord> told, newestProven(core_, kAccountFamily, row.key));
  if (!told || told->event == auditEventName(AuditEvent::AccountRemoved) ||
      told->details[kCommitment].toString() != commitmentOf(row)) {
    return fail(altered(QStringLiteral("The account %1 is not the one that the audit log tells of.").arg(row.name)));
  }
  return {};
}

Status Operators::checkAll() const {
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  SEALIFT_TRY(const int recorded, recordedAccounts(core_));
  for (const OperatorRow& row : rows) {
    SEALIFT_CHECK(checkRow(row));
  }
  if (rows.size() != recorded) {
    return fail(
        altered(QStringLiteral("There are %1 accounts, the audit log tells of %2.").arg(rows.size()).arg(recorded)));
  }
  return {};
}

Status Operators::recordAlterations() {
  const Status found = checkAll();
  if (found || found.error().code != ErrorCode::OperatorAltered) {
    return {};  // a log that can't be believed is told of elsewhere
  }
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  QStringList all;
  for (const OperatorRow& row : rows) {
    all << commitmentOf(row);
  }
  const QString state = QString::fromLatin1(sha256(all.join(u'\n').toUtf8()).toHex());
  const QString event = auditEventName(AuditEvent::OperatorAltered);
  SEALIFT_TRY(const std::optional<AuditRecord> before, newestProven(core_, event, {}));
  if (before && before->details[QStringLiteral("state")].toString() == state) {
    return {};
  }
  return core_.record({.event = AuditEvent::OperatorAltered,
                       .actor = {},
                       .subject = {QStringLiteral("station"), {}, {}},
                       .outcome = AuditOutcome::Warning,
                       .code = errorCodeName(found.error().code),
                       .message = found.error().what,
                       .details = {{QStringLiteral("state"), state}}});
}

// Signing in ----------------------------------------------------------------------------------

qint64 Operators::waitMs(const OperatorRow& row) const {
  if (row.failures < kFreeTries) {
    return 0;
  }
  const int doublings = std::min(row.failures - kFreeTries, 10);
  const qint64 wait = std::min(kFirstWaitMs << doublings, kLongestWaitMs);
  return std::max<qint64>(wait - elapsedAtLeastMs({row.failedBoot, row.failedAtMs}, clock_()), 0);
}

// A try counts before its password is looked at: nobody gains by ending the program, or by trying many at once.
Result<OperatorRow> Operators::countTry(const QString& key) {
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  OperatorTable table(*core_.database);
  SEALIFT_TRY(std::optional<OperatorRow> row, table.find(key));
  if (!row) {
    return OperatorRow();
  }
  if (const qint64 wait = waitMs(*row); wait > 0) {
    return fail(ErrorCode::OperatorLocked, QStringLiteral("%1 can't sign in for %2 s, after %3 wrong passwords.")
                                               .arg(row->name)
                                               .arg((wait + 999) / 1000)
                                               .arg(row->failures));
  }
  const BootMoment now = clock_();
  ++row->failures;
  row->failedBoot = now.boot;
  row->failedAtMs = now.sinceMs;
  SEALIFT_CHECK(table.update(*row));
  SEALIFT_CHECK(transaction.commit());
  return *row;
}

Status Operators::refuse(const QString& name, const Error& error, const QString& what) {
  return core_.record({.event = AuditEvent::OperatorRefused,
                       .actor = {},
                       .subject = {QStringLiteral("operator"), keyOf(name), name},
                       .outcome = AuditOutcome::Refused,
                       .code = errorCodeName(error.code),
                       .message = what,
                       .details = {}});
}

Result<OperatorRow> Operators::authenticate(const SignIn& signIn) {
  SEALIFT_TRY(const SecretBytes secret, secretOf(signIn));
  SEALIFT_TRY(OperatorRow row, countTry(keyOf(signIn.name)));
  const bool known = !row.key.isEmpty();
  const Result<bool> right = checkPassword(secret, known ? row.password : nobodysPassword());
  if (!known || !right || !*right) {
    // What was typed as a name may be a password: only names that exist are written down.
    SEALIFT_CHECK(refuse(known ? row.name : QStringLiteral("unknown"), wrongSignIn(),
                         QStringLiteral("A name or password was wrong.")));
    return fail(wrongSignIn());
  }
  if (Status asTold = checkRow(row); !asTold) {
    SEALIFT_CHECK(refuse(row.name, asTold.error(), asTold.error().what));
    return fail(asTold.error());
  }
  row.failures = 0;
  SEALIFT_CHECK(OperatorTable(*core_.database).update(row));
  return row;
}

Result<QString> Operators::permit(Act act, const SignIn& signIn) {
  SEALIFT_TRY(const bool accounts, exist());
  if (!accounts) {
    return core_.operatorName();
  }
  if (signIn.name.trimmed().isEmpty()) {
    return fail(ErrorCode::PolicyRole, QStringLiteral("Only a supervisor may %1.").arg(actName(act)),
                QStringLiteral("Let a supervisor sign in for it; on the command line with --supervisor NAME."));
  }
  SEALIFT_TRY(const OperatorRow row, authenticate(signIn));
  const std::optional<Role> role = roleFromName(row.role);
  if (!role || !mayDo(*role, act)) {
    const Error error = makeError(ErrorCode::PolicyRole,
                                  QStringLiteral("%1 is %2, who may not %3.").arg(row.name, row.role, actName(act)),
                                  QStringLiteral("Ask a supervisor."));
    SEALIFT_CHECK(refuse(row.name, error, error.what));
    return fail(error);
  }
  SEALIFT_CHECK(core_.record({.event = AuditEvent::OperatorSignedIn,
                              .actor = row.name,
                              .subject = {QStringLiteral("operator"), row.key, row.name},
                              .outcome = AuditOutcome::Ok,
                              .code = {},
                              .message = QStringLiteral("Signed in to %1.").arg(actName(act)),
                              .details = {{QStringLiteral("role"), row.role}}}));
  return row.name;
}

Result<QString> Operators::permitDowngrade(const SignIn& signIn, const QString& operatorName, bool homeMode) {
  SEALIFT_TRY(const bool accounts, exist());
  if (!accounts) {
    return fail(ErrorCode::PolicyRole, QStringLiteral("A downgrade needs a supervisor, and this station has none."),
                QStringLiteral("Make one first: sealiftctl operator add NAME --role supervisor."));
  }
  SEALIFT_TRY(const QString supervisor, permit(Act::AgreeToDowngrade, signIn));
  if (keyOf(supervisor) != keyOf(operatorName)) {
    return supervisor;
  }
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  const auto supervisors = std::count_if(
      rows.cbegin(), rows.cend(), [](const OperatorRow& row) { return roleFromName(row.role) == Role::Supervisor; });
  if (homeMode && supervisors == 1) {
    return supervisor;
  }
  const Error error = makeError(
      ErrorCode::PolicyRole, QStringLiteral("%1 asks for the downgrade and can't agree to it alone.").arg(supervisor),
      QStringLiteral("Let another supervisor agree."));
  SEALIFT_CHECK(refuse(supervisor, error, error.what));
  return fail(error);
}

// Accounts ------------------------------------------------------------------------------------

Result<OperatorRow> Operators::find(const QString& name) const {
  SEALIFT_TRY(const std::optional<OperatorRow> row, OperatorTable(*core_.database).find(keyOf(name)));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no account \"%1\".").arg(name));
  }
  return *row;
}

// The row and what the log tells of it come together or not at all. Nothing is put on top of what was altered.
Status Operators::keep(AuditEvent event, const OperatorRow& row, const QString& actor, const QString& message,
                       const std::function<Status()>& change) {
  SEALIFT_CHECK(checkAll());
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(change());
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  SEALIFT_CHECK(core_.record(
      transaction,
      {.event = event,
       .actor = actor,
       .subject = {QStringLiteral("operator"), row.key, row.name},
       .outcome = AuditOutcome::Ok,
       .code = {},
       .message = message,
       .details = {{QStringLiteral("role"), row.role}, {kCommitment, commitmentOf(row)}, {kAccounts, rows.size()}}}));
  return transaction.commit();
}

Status Operators::requireAnotherSupervisor(const OperatorRow& without) const {
  SEALIFT_TRY(const QList<OperatorRow> rows, OperatorTable(*core_.database).list());
  const bool another = std::any_of(rows.cbegin(), rows.cend(), [&](const OperatorRow& row) {
    return row.key != without.key && roleFromName(row.role) == Role::Supervisor;
  });
  if (!another && roleFromName(without.role) == Role::Supervisor) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 is the only supervisor.").arg(without.name),
                QStringLiteral("Make another supervisor first."));
  }
  return {};
}

Status Operators::add(const QString& name, Role role, const SignIn& password, const QString& actor) {
  OperatorRow row;
  row.name = name.simplified();
  row.key = keyOf(row.name);
  row.role = roleName(role);
  const bool printable =
      std::all_of(row.name.cbegin(), row.name.cend(), [](QChar c) { return c.isPrint() || c.isSurrogate(); });
  if (row.name.isEmpty() || row.name.size() > kNameMaxChars || !printable || row.name.startsWith(u'-')) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A name has 1 to %1 characters that can be read.").arg(kNameMaxChars));
  }
  OperatorTable table(*core_.database);
  SEALIFT_TRY(const QList<OperatorRow> rows, table.list());
  if (rows.isEmpty() && role != Role::Supervisor) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The first account must be a supervisor's."),
                QStringLiteral("Add it with --role supervisor; only supervisors change accounts afterwards."));
  }
  SEALIFT_TRY(row.password, newPassword(password, cost_));
  row.changedMs = core_.nowMs();
  return keep(AuditEvent::AccountAdded, row, actor, QStringLiteral("%1 was added as %2.").arg(row.name, row.role),
              [&] { return table.insert(row); });
}

Status Operators::remove(const QString& name, const QString& actor) {
  SEALIFT_TRY(const OperatorRow row, find(name));
  OperatorTable table(*core_.database);
  SEALIFT_TRY(const QList<OperatorRow> rows, table.list());
  if (rows.size() > 1) {  // the last account of all may go: then the owner decides again
    SEALIFT_CHECK(requireAnotherSupervisor(row));
  }
  return keep(AuditEvent::AccountRemoved, row, actor, QStringLiteral("%1 was removed.").arg(row.name),
              [&] { return table.remove(row.key); });
}

Status Operators::changeRole(const QString& name, Role role, const QString& actor) {
  SEALIFT_TRY(OperatorRow row, find(name));
  if (role != Role::Supervisor) {
    SEALIFT_CHECK(requireAnotherSupervisor(row));
  }
  const QString before = std::exchange(row.role, roleName(role));
  row.changedMs = core_.nowMs();
  return keep(AuditEvent::AccountChanged, row, actor,
              QStringLiteral("%1 is %2 now, and was %3.").arg(row.name, row.role, before),
              [&] { return OperatorTable(*core_.database).update(row); });
}

Status Operators::changePassword(const QString& name, const SignIn& password, const QString& actor) {
  SEALIFT_TRY(OperatorRow row, find(name));
  SEALIFT_TRY(row.password, newPassword(password, cost_));
  row.changedMs = core_.nowMs();
  row.failures = 0;
  return keep(AuditEvent::AccountChanged, row, actor, QStringLiteral("%1 has a new password.").arg(row.name),
              [&] { return OperatorTable(*core_.database).update(row); });
}

Status Operators::changeOwnPassword(const SignIn& present, const SignIn& password) {
  SEALIFT_TRY(const OperatorRow row, authenticate(present));
  return changePassword(row.name, password, row.name);
}

}  // namespace sealift
