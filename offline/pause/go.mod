module workbook.local/offline/pause

go 1.26.0
