#include "ui/dialogs/confirm_dialog.h"

namespace sealift {

ConfirmDialog::ConfirmDialog(const Question& question, std::function<Status()> doIt, QWidget* parent)
    : DialogFrame(question.name, question.title, question.text, parent) {
  QPushButton* no = addButton(question.no, question.name + QLatin1String("No"), ButtonKind::Secondary);
  QPushButton* yes = addButton(question.yes, question.name + QLatin1String("Yes"),
                               question.harmful ? ButtonKind::Danger : ButtonKind::Primary);
  connect(no, &QPushButton::clicked, this, &QDialog::reject);
  connect(yes, &QPushButton::clicked, this, [this, doIt = std::move(doIt)] {
    if (const Status done = doIt(); !done) {
      showError(done.error());
      return;
    }
    accept();
  });
  no->setFocus();
}

}  // namespace sealift
