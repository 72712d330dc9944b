#include "ui/dialogs/text_entry_dialog.h"

#include "ui/style/typography.h"

#include <QLineEdit>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kLongestText = 80;
}

TextEntryDialog::TextEntryDialog(const QString& name, const QString& title, const QString& label, const QString& value,
                                 std::function<Status(const QString&)> take, QWidget* parent)
    : DialogFrame(name, title, label, parent) {
  auto* edit = new QLineEdit(value);
  edit->setObjectName(name + QLatin1String("Edit"));
  edit->setAccessibleName(label);
  edit->setFont(textFont(TextStyle::Control));
  edit->setMaxLength(kLongestText);
  edit->selectAll();
  body()->addWidget(edit);
  QPushButton* cancel = addButton(tr("Cancel"), name + QLatin1String("No"), ButtonKind::Secondary);
  QPushButton* ok = addButton(tr("Save"), name + QLatin1String("Yes"), ButtonKind::Primary);
  ok->setDefault(true);
  const auto enable = [ok, edit] { ok->setEnabled(!edit->text().trimmed().isEmpty()); };
  connect(edit, &QLineEdit::textChanged, this, enable);
  enable();
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(ok, &QPushButton::clicked, this, [this, edit, take = std::move(take)] {
    if (const Status done = take(edit->text().trimmed()); !done) {
      showError(done.error());
      return;
    }
    accept();
  });
  edit->setFocus();
}

}  // namespace sealift
