"""What people wear as geometry: cloth, hair and shoes off the skin, skirts, bags, glasses."""
