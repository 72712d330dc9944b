#include "ui/dialogs/help_dialog.h"

#include "app/services/help_page.h"
#include "ui/style/tokens.h"
#include "ui/widgets/notes_view.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kWidth = 860;
constexpr int kHeight = 560;
constexpr int kContentsWidth = 240;
}  // namespace

HelpDialog::HelpDialog(const QString& page, QWidget* parent)
    : DialogFrame(QStringLiteral("helpDialog"), tr("Help"), {}, parent),
      contents_(new QListWidget),
      page_(new NotesView) {
  resize(kWidth, kHeight);
  contents_->setObjectName(QStringLiteral("helpContents"));
  contents_->setAccessibleName(tr("Pages of the help"));
  contents_->setProperty("frame", QStringLiteral("sunken"));
  contents_->setFixedWidth(kContentsWidth);
  contents_->setWordWrap(true);
  contents_->setSpacing(space::kXs);
  contents_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  page_->setObjectName(QStringLiteral("helpPage"));
  page_->setAccessibleName(tr("Page of the help"));
  auto* row = new QHBoxLayout;
  row->setSpacing(space::kXl);
  row->addWidget(contents_);
  row->addWidget(page_, 1);
  body()->addLayout(row, 1);
  for (const HelpPage& each : helpPages()) {
    auto* item = new QListWidgetItem(each.title, contents_);
    item->setData(Qt::UserRole, each.name);
  }
  connect(contents_, &QListWidget::currentItemChanged, this, [this](const QListWidgetItem* item) {
    if (item != nullptr) {
      page_->setNotes(helpPage(item->data(Qt::UserRole).toString()).value_or(HelpPage()).markdown);
    }
  });
  connect(page_, &NotesView::linkChosen, this, [this](const QString& address) {
    if (address.endsWith(QLatin1String(".md"))) {
      showPage(address.chopped(3));
    }
  });
  QPushButton* close = addButton(tr("Close"), QStringLiteral("helpClose"), ButtonKind::Primary);
  close->setDefault(true);
  connect(close, &QPushButton::clicked, this, &QDialog::accept);
  contents_->setCurrentRow(0);
  showPage(page);
  contents_->setFocus();
}

void HelpDialog::showPage(const QString& name) {
  for (int row = 0; row < contents_->count(); ++row) {
    if (contents_->item(row)->data(Qt::UserRole).toString() == name) {
      contents_->setCurrentRow(row);
    }
  }
}

}  // namespace sealift
