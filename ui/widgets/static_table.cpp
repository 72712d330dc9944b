#include "ui/widgets/static_table.h"

#include "ui/style/tokens.h"
#include "ui/widgets/card.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/text_label.h"

#include <QGridLayout>

namespace sealift {

namespace {
constexpr int kIndent = 10;  // of the first column
}

StaticTable::StaticTable(const QStringList& headers, int columns, int stretchColumn, QWidget* parent)
    : QWidget(parent), headers_(headers), columns_(columns), stretchColumn_(stretchColumn) {}

void StaticTable::setRows(const QList<QList<TableCell>>& rows) {
  qDeleteAll(findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly));
  delete layout();
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(space::kM);
  grid->setVerticalSpacing(0);
  for (int column = 0; column < columns_; ++column) {
    grid->setColumnStretch(column, stretchColumn_ < 0 || stretchColumn_ == column ? 1 : 0);
  }
  int line = 0;
  const auto addLine = [&] { grid->addWidget(makeLine(), line++, 0, 1, columns_); };
  if (!headers_.isEmpty()) {
    for (int column = 0; column < headers_.size(); ++column) {
      auto* label = new TextLabel(TextStyle::SmallBold, TextTone::Muted, headers_.at(column));
      label->setContentsMargins(column == 0 ? kIndent : 0, 0, 0, 0);
      grid->addWidget(label, line, column);
    }
    grid->setRowMinimumHeight(line++, extent::kRow);
    addLine();
  }
  for (const QList<TableCell>& row : rows) {
    QStringList words;
    for (int column = 0; column < row.size() && column < columns_; ++column) {
      QWidget* cell = makeCell(row.at(column));
      if (column == 0) {
        cell->setContentsMargins(kIndent, 0, 0, 0);
      }
      words << row.at(column).text;
      grid->addWidget(cell, line, column,
                      row.at(column).kind == TableCell::Kind::Badge ? Qt::AlignLeft : Qt::Alignment());
    }
    grid->setRowMinimumHeight(line++, extent::kRow);
    addLine();
  }
}

QWidget* StaticTable::makeCell(const TableCell& cell) const {
  switch (cell.kind) {
    case TableCell::Kind::Badge:
      return new Pill({cell.tone, cell.text});
    case TableCell::Kind::Mono: {
      auto* label = new TextLabel(TextStyle::Mono, TextTone::Normal, cell.text);
      label->setElided(true);
      return label;
    }
    case TableCell::Kind::Muted: {
      auto* label = new TextLabel(TextStyle::Body, TextTone::Muted, cell.text);
      label->setElided(true);
      return label;
    }
    case TableCell::Kind::Text:
      break;
  }
  auto* label = new TextLabel(TextStyle::Body, TextTone::Normal, cell.text);
  label->setElided(true);
  return label;
}

}  // namespace sealift
