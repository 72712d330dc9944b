// LocalStation: rules on releases, alerts, people and policy.
#include "app/services/local_station.h"

#include <QtConcurrentRun>

namespace sealift {
namespace {

Result<Role> readRole(const QString& name) {
  const std::optional<Role> role = roleFromName(name);
  if (!role) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is no role.").arg(name),
                QStringLiteral("Use operator, technician, supervisor or auditor."));
  }
  return *role;
}

}  // namespace

// Checking a password takes some tenths of a second: never in the station's own thread.
QFuture<Status> LocalStation::decide(std::function<Status()> act) {
  return QtConcurrent::run(&core_.lookPool, [this, act = std::move(act)] {
    const Status done = act();
    core_.post([this] {
      Q_EMIT alertsChanged();
      Q_EMIT devicesChanged();
      Q_EMIT auditChanged();
    });
    return done;
  });
}

// Rules on releases ---------------------------------------------------------------------------

QList<ReleaseRuleView> LocalStation::releaseRules() const {
  QList<ReleaseRuleView> views;
  const QList<ReleaseRuleRow> rows = rules_->releases.list().value_or(QList<ReleaseRuleRow>());
  for (const ReleaseRuleRow& row : rows) {
    views << viewOf(row);
  }
  return views;
}

Status LocalStation::setReleaseRule(const ReleaseRuleChange& change) {
  SEALIFT_TRY(const ReleaseRuleRow rule, offers_->ruleFor(change, devices_->find(change.deviceId)));
  SEALIFT_CHECK(rules_->releases.set(rule));
  Q_EMIT devicesChanged();
  Q_EMIT auditChanged();
  return {};
}

QFuture<Status> LocalStation::liftReleaseRule(const ReleaseRuleChange& change, const SignIn& signIn) {
  return decide([this, change, signIn]() -> Status {
    SEALIFT_TRY(const ReleaseRuleRow rule, offers_->standingRule(change, devices_->find(change.deviceId)));
    QString actor = core_.operatorName();
    if (rule.kind != RuleKind::Skip) {
      SEALIFT_TRY(actor, rules_->operators.permit(Act::LiftReleaseRule, signIn));
    }
    return rules_->releases.lift(rule, change.reason, actor);
  });
}

QFuture<Status> LocalStation::resumeRelease(const QString& releaseId, const QString& reason, const SignIn& signIn) {
  return decide([this, releaseId, reason, signIn]() -> Status {
    SEALIFT_TRY(const QString actor, rules_->operators.permit(Act::ResumeRelease, signIn));
    return rules_->trouble.resume(releaseId, reason, actor);
  });
}

QList<AlertView> LocalStation::alerts() const {
  QList<AlertView> alerts;
  const auto pauses = rules_->trouble.pauses().value_or(QList<ReleasePauseRow>());
  for (const ReleasePauseRow& pause : pauses) {
    alerts << AlertView{
        QStringLiteral("release-paused"),
        pause.release,
        QStringLiteral("Release %1 is paused").arg(pause.version),
        ReleaseTrouble::textOf(pause),
        QStringLiteral("Find out why; then a supervisor resumes it: sealiftctl release resume \"%1\" --reason TEXT.")
            .arg(pause.release),
        QDateTime::fromMSecsSinceEpoch(pause.pausedMs, Qt::UTC)};
  }
  const auto falls = devices_->securityFloor().falls().value_or(QList<SecurityFloorRow>());
  for (const SecurityFloorRow& fall : falls) {
    alerts << AlertView{QStringLiteral("counter-fell"),
                        fall.unit,
                        QStringLiteral("The rollback counter of %1 went down").arg(fall.unit),
                        SecurityFloor::textOf(fall),
                        QStringLiteral("Find out who reset it, and whether this is the device that it says it is."),
                        QDateTime::fromMSecsSinceEpoch(fall.fellMs.value_or(0), Qt::UTC)};
  }
  if (const Status accounts = rules_->operators.checkAll(); !accounts) {
    alerts << AlertView{QStringLiteral("accounts-altered"),
                        {},
                        QStringLiteral("Accounts were changed outside Sealift"),
                        accounts.error().message(),
                        accounts.error().remedy,
                        {}};
  }
  if (policy().altered) {
    alerts << AlertView{QStringLiteral("policy-altered"),
                        {},
                        QStringLiteral("The station's policy was changed outside Sealift"),
                        QStringLiteral("It is not what the audit log tells of, so the strict one is in force."),
                        QStringLiteral("Let a supervisor set it again: sealiftctl station policy."),
                        {}};
  }
  return alerts;
}

// People and policy ---------------------------------------------------------------------------

PolicyView LocalStation::policy() const {
  PolicyView strict;
  strict.altered = true;  // when it can't be read
  return rules_->policy.current().value_or(strict);
}

QFuture<Status> LocalStation::changePolicy(const PolicyChange& change, const SignIn& signIn) {
  return decide([this, change, signIn]() -> Status {
    SEALIFT_TRY(const QString actor, rules_->operators.permit(Act::ChangePolicy, signIn));
    return rules_->policy.change(change, actor);
  });
}

QList<OperatorView> LocalStation::operators() const {
  return rules_->operators.list().value_or(QList<OperatorView>());
}

QFuture<Status> LocalStation::addOperator(const SignIn& account, const QString& role, const SignIn& signIn) {
  return decide([this, account, role, signIn, home = info_.homeMode]() -> Status {
    if (home) {
      return fail(ErrorCode::NotSupported, QStringLiteral("At home there are no accounts: the owner decides."),
                  QStringLiteral("Choose station mode first: sealiftctl station mode station."));
    }
    SEALIFT_TRY(const Role wanted, readRole(role));
    SEALIFT_TRY(const QString actor, rules_->operators.permit(Act::ManageAccounts, signIn));
    return rules_->operators.add(account.name, wanted, account, actor);
  });
}

QFuture<Status> LocalStation::removeOperator(const QString& name, const SignIn& signIn) {
  return decide([this, name, signIn]() -> Status {
    SEALIFT_TRY(const QString actor, rules_->operators.permit(Act::ManageAccounts, signIn));
    return rules_->operators.remove(name, actor);
  });
}

QFuture<Status> LocalStation::changeOperatorRole(const QString& name, const QString& role, const SignIn& signIn) {
  return decide([this, name, role, signIn]() -> Status {
    SEALIFT_TRY(const Role wanted, readRole(role));
    SEALIFT_TRY(const QString actor, rules_->operators.permit(Act::ManageAccounts, signIn));
    return rules_->operators.changeRole(name, wanted, actor);
  });
}

QFuture<Status> LocalStation::changeOperatorPassword(const SignIn& account, const SignIn& signIn) {
  return decide([this, account, signIn]() -> Status {
    if (Operators::isSameName(account.name, signIn.name)) {
      return rules_->operators.changeOwnPassword(signIn, account);
    }
    SEALIFT_TRY(const QString actor, rules_->operators.permit(Act::ManageAccounts, signIn));
    return rules_->operators.changePassword(account.name, account, actor);
  });
}

}  // namespace sealift
