// The people who may decide something at this station: local accounts, their passwords and their roles. Any thread;
// checking a password takes some tenths of a second.
//
// An account stands in its table and, by commitment, in the audit log: one that was made, changed or taken away in the
// database itself is not the one that the log tells of, and may nothing.
//
// Without any account the owner of the data folder decides: that is whoever runs Sealift there. The first account must
// be a supervisor's; from then on only supervisors change accounts, whatever mode the station is in.
#pragma once

#include "app/policy/role.h"
#include "app/services/boot_clock.h"
#include "app/services/station_core.h"
#include "app/store/operator_table.h"
#include "keystore/crypto/password_hash.h"

namespace sealift {

class Operators {
 public:
  // `clock` measures how long an account stays locked after wrong passwords.
  // `cost`: of the passwords that are set from now on.
  Operators(StationCore& core, BootClock clock, const ScryptCost& cost = {})
      : core_(core), clock_(std::move(clock)), cost_(cost) {}

  static bool isSameName(const QString& a, const QString& b);
  // There are accounts, by the table or by the log.
  Result<bool> exist() const;
  Result<QList<OperatorView>> list() const;
  // OperatorAltered: what is in the database is not what the audit log tells of.
  Status checkAll() const;
  // Puts what checkAll() finds into the audit log, once.
  Status recordAlterations();

  // Who does the act: whoever signs in for it, or the owner where there are no accounts. Recorded either way.
  // Errors: PolicyRole, OperatorSignIn, OperatorLocked, OperatorAltered, KeyPin and CryptoKey (password file).
  Result<QString> permit(Act act, const SignIn& signIn);
  // The same for the agreement to a downgrade, which needs four eyes: the supervisor is another person than
  // `operatorName`. At home the only supervisor may agree to his own; without accounts nobody can sign in, and the
  // owner agrees by typing (LocalStation).
  Result<QString> permitDowngrade(const SignIn& signIn, const QString& operatorName, bool homeMode);

  // All as somebody whom permit(ManageAccounts) let through.
  Status add(const QString& name, Role role, const SignIn& password, const QString& actor);
  Status remove(const QString& name, const QString& actor);
  Status changeRole(const QString& name, Role role, const QString& actor);
  Status changePassword(const QString& name, const SignIn& password, const QString& actor);
  // Somebody changes their own, with the present one.
  Status changeOwnPassword(const SignIn& present, const SignIn& password);

 private:
  Result<OperatorRow> authenticate(const SignIn& signIn);
  Result<OperatorRow> countTry(const QString& key);
  Status checkRow(const OperatorRow& row) const;
  Status refuse(const QString& name, const Error& error, const QString& what);
  Status keep(AuditEvent event, const OperatorRow& row, const QString& actor, const QString& message,
              const std::function<Status()>& change);
  Result<OperatorRow> find(const QString& name) const;
  Status requireAnotherSupervisor(const OperatorRow& without) const;
  qint64 waitMs(const OperatorRow& row) const;

  StationCore& core_;
  BootClock clock_;
  ScryptCost cost_;
};

}  // namespace sealift
