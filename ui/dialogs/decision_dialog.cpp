#include "ui/dialogs/decision_dialog.h"

#include "app/base/result.h"
#include "ui/style/typography.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kLongestVersion = 80;
constexpr int kLongestReason = 500;
constexpr int kLongestName = 64;
constexpr int kLongestPassword = 1024;

bool isMissing(const QLineEdit* edit) {
  return edit != nullptr && edit->text().trimmed().isEmpty();
}

QString textOf(const QLineEdit* edit) {
  return edit != nullptr ? edit->text().trimmed() : QString();
}

}  // namespace

DecisionDialog::DecisionDialog(const DecisionAsked& asked, std::function<QFuture<Status>(const Decision&)> decide,
                               QWidget* parent)
    : DialogFrame(asked.name, asked.title, asked.text, parent), asked_(asked), decide_(std::move(decide)) {
  if (asked.asksVersion) {
    version_ = addField(tr("Version"), QStringLiteral("Version"));
    version_->setMaxLength(kLongestVersion);
    version_->setText(asked.version);
  }
  if (asked.asksEveryBuild) {
    everyBuild_ = new QCheckBox(tr("Every build of this version, whatever its bytes"));
    everyBuild_->setObjectName(asked.name + QLatin1String("EveryBuild"));
    everyBuild_->setFont(textFont(TextStyle::Control));
    body()->addWidget(everyBuild_, 0, Qt::AlignLeft);
  }
  if (asked.asksReason) {
    reason_ = addField(tr("Reason"), QStringLiteral("Reason"));
    reason_->setMaxLength(kLongestReason);
    reason_->setPlaceholderText(tr("It is kept in the audit log."));
  }
  if (asked.asksSignIn) {
    person_ = addField(tr("Supervisor"), QStringLiteral("Supervisor"));
    person_->setMaxLength(kLongestName);
    password_ = addField(tr("Password"), QStringLiteral("Password"));
    password_->setMaxLength(kLongestPassword);
    password_->setEchoMode(QLineEdit::Password);
    password_->setInputMethodHints(Qt::ImhHiddenText | Qt::ImhSensitiveData | Qt::ImhNoPredictiveText);
  }
  if (!asked.typed.isEmpty()) {
    typed_ = addField(tr("Type %1 to go on").arg(asked.typed), QStringLiteral("Typed"));
    typed_->setMaxLength(kLongestVersion);
  }
  QPushButton* no = addButton(tr("Cancel"), asked.name + QLatin1String("No"), ButtonKind::Secondary);
  yes_ =
      addButton(asked.yes, asked.name + QLatin1String("Yes"), asked.harmful ? ButtonKind::Danger : ButtonKind::Primary);
  connect(no, &QPushButton::clicked, this, &QDialog::reject);
  connect(yes_, &QPushButton::clicked, this, &DecisionDialog::decide);
  for (QLineEdit* edit : {version_, reason_, person_, password_, typed_}) {
    if (edit != nullptr) {
      connect(edit, &QLineEdit::textChanged, this, &DecisionDialog::updateYes);
    }
  }
  updateYes();
}

QLineEdit* DecisionDialog::addField(const QString& label, const QString& name) {
  body()->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, label));
  auto* edit = new QLineEdit;
  edit->setObjectName(asked_.name + name);
  edit->setAccessibleName(label);
  edit->setFont(textFont(TextStyle::Control));
  body()->addWidget(edit);
  return edit;
}

void DecisionDialog::updateYes() {
  const bool typedWrong = typed_ != nullptr && typed_->text().trimmed() != asked_.typed;
  const bool noPassword = password_ != nullptr && password_->text().isEmpty();
  yes_->setEnabled(!busy_ && !isMissing(version_) && !isMissing(reason_) && !isMissing(person_) && !noPassword &&
                   !typedWrong);
}

void DecisionDialog::decide() {
  Decision decision;
  decision.version = textOf(version_);
  decision.everyBuild = everyBuild_ != nullptr && everyBuild_->isChecked();
  decision.reason = textOf(reason_);
  decision.typed = textOf(typed_);
  decision.signIn.name = textOf(person_);
  if (password_ != nullptr) {
    decision.signIn.password = password_->text().toUtf8();
    password_->clear();  // asked for again should it have been wrong
  }
  busy_ = true;
  hideError();
  updateYes();
  const QFuture<Status> done = decide_(decision);
  decision.signIn.password.fill('\0');
  whenDone(this, done, [this](const Status& status) {
    busy_ = false;
    if (status) {
      accept();
      return;
    }
    showError(status.error());
    updateYes();
    if (password_ != nullptr) {
      password_->setFocus();
    }
  });
}

}  // namespace sealift
